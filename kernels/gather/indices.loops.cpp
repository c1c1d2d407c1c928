#include "kernels/gather/indices.h"

#include <string>

namespace mica {
namespace {

[[noreturn]] void bad_index(int64_t index, int64_t count) {
  bad_input("index " + std::to_string(index) + " is out of range [" + std::to_string(-count) + ", " +
            std::to_string(count) + ")");
}

// `index` into `count` elements, negative ones counted from the end. Throws outside [-count, count).
int64_t checked_index(int64_t index, int64_t count) {
  const int64_t place = index < 0 ? index + count : index;
  if (place >= 0 && place < count) return place;
  bad_index(index, count);
}

template <class Index>
void places_of(const Index* indices, int64_t n, int64_t count, int64_t stride, int64_t first, int64_t step,
               int64_t* places) {
  for (int64_t i = 0; i < n; ++i) places[i] = first + i * step + checked_index(indices[i], count) * stride;
}

template <class Index>
void place_rows(const Index* indices, int64_t rows, std::span<const int64_t> dims, std::span<const int64_t> strides,
                RowStarts starts, int64_t* offsets) {
  const size_t depth = dims.size();
  for (int64_t row = 0; row < rows; ++row, indices += depth) {
    int64_t offset = starts.rows > 0 ? row / starts.rows * starts.stride : 0;
    for (size_t k = 0; k < depth; ++k) offset += checked_index(indices[k], dims[k]) * strides[k];
    offsets[row] = offset;
  }
}

}  // namespace

void index_places(const Tensor& indices, int64_t at, int64_t n, int64_t count, int64_t stride, int64_t first,
                  int64_t step, int64_t* places) {
  if (indices.dtype() == DType::I32) {
    return places_of(indices.data<int32_t>() + at, n, count, stride, first, step, places);
  }
  places_of(indices.data<int64_t>() + at, n, count, stride, first, step, places);
}

const int64_t* checked_indices(const Operands& io, const Tensor& indices, int64_t count, int64_t stride) {
  const int64_t n = indices.elements();
  check_integers(indices, n, "indices");
  int64_t* places = io.scratch<int64_t>(n);
  index_places(indices, 0, n, count, stride, 0, 0, places);
  return places;
}

const int64_t* row_offsets(const Operands& io, const Tensor& indices, std::span<const int64_t> dims,
                           std::span<const int64_t> strides, RowStarts starts) {
  const int64_t depth = static_cast<int64_t>(dims.size());
  const int64_t rows = depth > 0 ? indices.elements() / depth : indices.shape().elements(0, indices.shape().rank() - 1);
  int64_t* offsets = io.scratch<int64_t>(rows);
  if (indices.dtype() == DType::I32) {
    place_rows(indices.data<int32_t>(), rows, dims, strides, starts, offsets);
  } else {
    place_rows(indices.data<int64_t>(), rows, dims, strides, starts, offsets);
  }
  return offsets;
}

}  // namespace mica
