// Indices that come from data: read as int64, checked, counted from the front.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/operands.h"
#include "kernels/shape/shape_input.h"

namespace mica {

/// Scratch with all indices of a tensor into `count` elements, checked and multiplied by `stride`.
const int64_t* checked_indices(const Operands& io, const Tensor& indices, int64_t count, int64_t stride = 1);

/// places[i] = first + i * step + stride * (the index at `at` + i, checked), for i < n.
void index_places(const Tensor& indices, int64_t at, int64_t n, int64_t count, int64_t stride, int64_t first,
                  int64_t step, int64_t* places);

/// Where the rows of an index tensor begin: all `rows` of a batch at the same place, those of the next `stride`
/// further.
struct RowStarts {
  int64_t rows = 0, stride = 0;  ///< without rows: all at 0
};

/// Scratch with the offsets that the rows of an index tensor [..., k] point at: the first k axes of a block with these
/// dims and strides, from where the row begins.
const int64_t* row_offsets(const Operands& io, const Tensor& indices, std::span<const int64_t> dims,
                           std::span<const int64_t> strides, RowStarts starts = {});

}  // namespace mica
