// Layer and RMS normalisation of the rows of a tensor: what LayerNormalization, RMSNormalization and the Skip*
// operators share.
#pragma once

#include "kernels/norm/loops.h"
#include "kernels/op.h"
#include "kernels/wide_operands.h"

namespace mica {

/// LayerNormalization, RMSNormalization.
struct LayerNorm {
  int64_t axis = -1;
  float epsilon = 1e-5f;
  DType stash_type = DType::F32;
  bool rms = false;
};

/// SkipLayerNormalization, SkipSimplifiedLayerNormalization.
struct SkipLayerNorm {
  float epsilon = 1e-12f;
  bool rms = false;
};

/// Normalises `count` rows, in parallel.
template <class T>
void normalize_rows(const Operands& io, const NormRows<Stored<T>, Wide<T>>& rows, int64_t count);

/// Scale or bias, broadcast to the dims of X.
template <class T>
struct RowOperand {
  const T* data = nullptr;
  int64_t row = 0;
};

/// Operand `input` as rows of `width` for an X of this shape: as it is where its dims are the row's, else expanded in
/// scratch. Null data when the input is absent.
template <class T>
RowOperand<T> row_operand(const Operands& io, size_t input, const Shape& x, int64_t width);

}  // namespace mica
