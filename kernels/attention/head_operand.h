// Tensors that hold queries, keys or values, alone or several packed into one.
#pragma once

#include "kernels/attention/heads.h"

namespace mica {

struct HeadOperand {
  const Tensor* tensor = nullptr;
  HeadDims dims;
  HeadLayout layout;

  template <class T>
  Heads<const T> read(const Operands& io) const {
    return read_heads<T>(io, *tensor, layout, dims);
  }
};

/// [batch, heads, rows, width], whatever `heads` says, or [batch, rows, heads * width]. Throws for other dims. Honours
/// a pitch.
HeadOperand whole_heads(const Tensor& tensor, int64_t heads);

/// Heads that begin at element `first` of the rows of [batch, rows, any]. Throws where these are too short.
HeadOperand heads_of_row(const Tensor& tensor, int64_t first, int64_t heads, int64_t width);

/// Part `part` of those that lie beside each other in every head: [batch, rows, heads, parts, width].
HeadOperand part_of_heads(const Tensor& tensor, int64_t part, int64_t parts, int64_t heads);

/// Throws InvalidModel unless a number of heads is from 1 to 2^20.
void check_heads(int64_t heads);

/// Throws unless queries, keys and values belong together: one batch, as many keys as values, and heads that share
/// these evenly.
void check_attention(const HeadOperand& q, const HeadOperand& k, const HeadOperand& v);

}  // namespace mica
