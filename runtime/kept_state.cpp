#include "runtime/kept_state.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/error.h"
#include "runtime/base/memory.h"

namespace mica {
namespace {

// Copies the first `rows` rows of every block.
void copy_blocks(const std::byte* from, size_t from_pitch, std::byte* to, size_t to_pitch, int64_t blocks,
                 size_t bytes) {
  if (bytes == 0) return;
  for (int64_t block = 0; block < blocks; ++block) {
    std::memcpy(to + static_cast<size_t>(block) * to_pitch, from + static_cast<size_t>(block) * from_pitch, bytes);
  }
}

}  // namespace

KeptState::KeptState(DType dtype, const Shape& shape, size_t axis)
    : axis_(axis), value_(Tensor::over(dtype, shape, nullptr, nullptr)) {
  Shape empty = shape;
  empty[axis] = 0;
  value_.tensor.set_shape(empty);
}

int64_t KeptState::row_elements() const {
  const Shape& shape = value_.tensor.shape();
  return shape.elements(axis_ + 1, shape.rank());
}

void KeptState::set(const Tensor& value) {
  const Shape& shape = value.shape();
  value_.tensor.set_shape(shape);
  capacity_ = 0;
  move_to(shape[axis_]);
  const size_t block = byte_size(value.dtype(), shape.elements(axis_, shape.rank())).value_or(0);
  copy_blocks(static_cast<const std::byte*>(value.raw()), block, memory_.get(), block, shape.elements(0, axis_), block);
}

void KeptState::reserve(const Shape& next) {
  const Shape& now = value_.tensor.shape();
  bool fits = next.rank() == now.rank() && next[axis_] >= now[axis_];
  for (size_t i = 0; fits && i < now.rank(); ++i) fits = i == axis_ || next[i] == now[i];
  if (!fits) {
    throw Error(ErrorCode::InvalidArgument, "a state of dims " + now.str() + " cannot become one of " + next.str());
  }
  if (next[axis_] > capacity_) move_to(std::max(next[axis_], 2 * capacity_));
}

// Gives every block room for `capacity` rows.
void KeptState::move_to(int64_t capacity) {
  const Tensor& value = value_.tensor;
  const Shape& shape = value.shape();
  Shape roomy = shape;
  roomy[axis_] = capacity;
  const auto elements = checked_elements(roomy.dims());
  const auto bytes = elements ? byte_size(value.dtype(), *elements) : std::nullopt;
  if (!bytes) throw Error(ErrorCode::InvalidArgument, "a state would be too large: " + roomy.str());
  const auto memory = std::static_pointer_cast<std::byte>(allocate_aligned(*bytes));
  const size_t row = byte_size(value.dtype(), row_elements()).value_or(0);
  if (memory_ != nullptr && capacity_ > 0) {
    copy_blocks(memory_.get(), row * static_cast<size_t>(capacity_), memory.get(), row * static_cast<size_t>(capacity),
                shape.elements(0, axis_), row * static_cast<size_t>(shape[axis_]));
  }
  memory_ = memory;
  capacity_ = capacity;
  bind(value_.tensor);
}

void KeptState::bind(Tensor& tensor) const {
  tensor.rebind(memory_.get());
  tensor.set_pitch(value_.tensor.shape().elements(0, axis_) > 1 ? capacity_ * row_elements() : 0);
}

Tensor KeptState::dense() const {
  const Tensor& value = value_.tensor;
  const Shape& shape = value.shape();
  Tensor copy(value.dtype(), shape);
  const size_t row = byte_size(value.dtype(), row_elements()).value_or(0);
  const size_t block = row * static_cast<size_t>(shape[axis_]);
  copy_blocks(memory_.get(), row * static_cast<size_t>(capacity_), static_cast<std::byte*>(copy.mutable_raw()), block,
              shape.elements(0, axis_), block);
  return copy;
}

}  // namespace mica
