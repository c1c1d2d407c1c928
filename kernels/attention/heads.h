// Views of queries, keys, values and outputs in the layouts that attention operators take: read and written in place,
// without transposing.
#pragma once

#include <cstdint>

#include "backends/cpu/thread_pool.h"
#include "kernels/operands.h"
#include "kernels/shape/strided_copy.h"
#include "kernels/wide_operands.h"

namespace mica {

/// Where the rows of a tensor stand, one for each batch, head and position; elements of a row are adjacent. In
/// elements.
struct HeadLayout {
  int64_t start = 0, batch = 0, head = 0, row = 0;

  int64_t at(int64_t b, int64_t h, int64_t i) const { return start + b * batch + h * head + i * row; }
  /// The same with the first row at position `rows`.
  HeadLayout from_row(int64_t rows) const { return {start + rows * row, batch, head, row}; }
};

/// How many rows there are, and their width.
struct HeadDims {
  int64_t batch = 0, heads = 0, rows = 0, width = 0;

  int64_t elements() const { return batch * heads * rows * width; }
  /// [batch, heads, rows, width], dense or with `pitch` elements from head to head.
  HeadLayout bnsh(int64_t pitch = 0) const {
    const int64_t head = pitch != 0 ? pitch : rows * width;
    return {0, heads * head, head, width};
  }
  /// Dense [batch, rows, heads, width].
  HeadLayout bsnh() const { return packed_bsnh(0, heads * width); }
  /// Rows of heads that stand at `first` of longer rows of `all` elements: [batch, rows, all].
  HeadLayout packed_bsnh(int64_t first, int64_t all) const { return {first, rows * all, width, all}; }
};

template <class T>
struct Heads {
  T* data = nullptr;
  HeadLayout layout;

  T* at(int64_t b, int64_t h, int64_t i) const { return data + layout.at(b, h, i); }
};

/// Whether a kernel has nothing to do. The other dims of an empty tensor may be too large to count through, so kernels
/// ask this before they do.
inline bool outputs_are_empty(const Operands& io) {
  for (size_t i = 0; i < io.outputs(); ++i) {
    if (io.wants(i) && io.out(i).elements() > 0) return false;
  }
  return true;
}

/// Calls f(b, h, i) for every row that has elements, on all threads.
void for_each_row(ThreadPool& threads, const HeadDims& dims, FunctionRef<void(int64_t b, int64_t h, int64_t i)> f);

/// The rows of a float tensor as T (float or double): in the tensor's own memory, or a BNSH copy in scratch.
template <class T>
Heads<const T> read_heads(const Operands& io, const Tensor& tensor, const HeadLayout& layout, const HeadDims& dims);

/// The rows with a term for each head and element added, in scratch; as they are where `terms` is null.
template <class T>
Heads<const T> add_to_heads(const Operands& io, const Heads<const T>& heads, const HeadDims& dims, const T* terms);

/// Writes rows into a float tensor, rounded to its type.
template <class T>
void write_heads(ThreadPool& threads, const Heads<const T>& from, Tensor& to, const HeadLayout& layout,
                 const HeadDims& dims);

/// Copies rows between tensors of the same dtype.
void copy_heads(const Operands& io, const Tensor& from, const HeadLayout& from_layout, Tensor& to,
                const HeadLayout& to_layout, const HeadDims& dims);

}  // namespace mica
