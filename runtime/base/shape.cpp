#include "runtime/base/shape.h"

#include <algorithm>

#include "runtime/base/error.h"

namespace mica {

Shape::Shape(std::initializer_list<int64_t> dims) : Shape(std::span(dims.begin(), dims.size())) {}

Shape::Shape(std::span<const int64_t> dims) {
  for (const int64_t dim : dims) {
    if (dim < 0) throw Error(ErrorCode::InvalidArgument, "negative dim " + std::to_string(dim));
    push_back(dim);
  }
}

void Shape::push_back(int64_t dim) {
  if (rank_ == kMaxRank) {
    throw Error(ErrorCode::InvalidArgument, "rank is above the limit of " + std::to_string(kMaxRank));
  }
  dims_[rank_++] = dim;
}

int64_t Shape::elements(size_t begin, size_t end) const {
  int64_t product = 1;
  for (size_t i = begin; i < end; ++i) product *= dims_[i];
  return product;
}

Shape::Split Shape::split_at(int64_t axis) const {
  const size_t at = normalize_axis(axis, rank_, true);
  return {elements(0, at), elements(at, rank_)};
}

std::array<int64_t, Shape::kMaxRank> Shape::strides() const {
  std::array<int64_t, kMaxRank> strides{};
  int64_t stride = 1;
  for (size_t i = rank_; i-- > 0;) {
    strides[i] = stride;
    stride *= dims_[i];
  }
  return strides;
}

bool Shape::operator==(const Shape& other) const {
  return std::ranges::equal(dims(), other.dims());
}

std::string Shape::str() const {
  std::string text = "[";
  for (size_t i = 0; i < rank_; ++i) {
    if (i > 0) text += ',';
    text += std::to_string(dims_[i]);
  }
  return text + "]";
}

// Of an empty tensor too, any dims may be multiplied: those that are not 0 must fit.
std::optional<int64_t> checked_elements(std::span<const int64_t> dims) {
  int64_t product = 1;
  bool empty = false;
  for (const int64_t dim : dims) {
    if (dim < 0) return std::nullopt;
    if (dim == 0) empty = true;
    if (__builtin_mul_overflow(product, std::max<int64_t>(dim, 1), &product)) return std::nullopt;
  }
  return empty ? 0 : product;
}

size_t normalize_axis(int64_t axis, size_t rank, bool one_past_end) {
  const int64_t n = static_cast<int64_t>(rank);
  if (axis < -n || axis > (one_past_end ? n : n - 1)) {
    throw Error(ErrorCode::InvalidArgument,
                "axis " + std::to_string(axis) + " is out of range for rank " + std::to_string(rank));
  }
  return static_cast<size_t>(axis < 0 ? axis + n : axis);
}

}  // namespace mica
