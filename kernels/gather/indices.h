// Indices that come from data: read as int64, checked, counted from the front.
#pragma once

#include <string>
#include <string_view>

#include "kernels/operands.h"
#include "kernels/shape/shape_input.h"

namespace mica {

/// `index` into `count` elements, negative ones counted from the end. Throws outside [-count, count).
inline int64_t checked_index(int64_t index, int64_t count, std::string_view what = "index") {
  const int64_t place = index < 0 ? index + count : index;
  if (place >= 0 && place < count) return place;
  bad_input(std::string(what) + " " + std::to_string(index) + " is out of range [" + std::to_string(-count) + ", " +
            std::to_string(count) + ")");
}

/// Scratch with all indices of a tensor into `count` elements, checked.
const int64_t* checked_indices(const Operands& io, const Tensor& indices, int64_t count);

/// Scratch with the offsets that the rows of an index tensor [..., k] point at: the first k axes of `block` strides, on
/// top of a start per row that `start(row)` gives.
template <class Start>
const int64_t* row_offsets(const Operands& io, const Tensor& indices, std::span<const int64_t> dims,
                           std::span<const int64_t> strides, Start&& start) {
  const int64_t depth = static_cast<int64_t>(dims.size());
  const int64_t rows = depth > 0 ? indices.elements() / depth : indices.shape().elements(0, indices.shape().rank() - 1);
  int64_t* offsets = io.scratch<int64_t>(rows);
  for (int64_t row = 0; row < rows; ++row) {
    offsets[row] = start(row);
    for (int64_t k = 0; k < depth; ++k) {
      const size_t axis = static_cast<size_t>(k);
      offsets[row] += checked_index(integer_at(indices, row * depth + k), dims[axis]) * strides[axis];
    }
  }
  return offsets;
}

}  // namespace mica
