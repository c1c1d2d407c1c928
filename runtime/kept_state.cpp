#include "runtime/kept_state.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "backends/backend.h"
#include "runtime/base/error.h"
#include "runtime/base/memory.h"
#include "runtime/device_run.h"

namespace mica {
namespace {

size_t checked_bytes(DType dtype, const Shape& shape) {
  const auto elements = checked_elements(shape.dims());
  const auto bytes = elements ? byte_size(dtype, *elements) : std::nullopt;
  if (!bytes) throw Error(ErrorCode::InvalidArgument, "a state would be too large: " + shape.str());
  return *bytes;
}

}  // namespace

KeptState::KeptState(DType dtype, const Shape& shape, std::optional<size_t> axis, DeviceRun* device)
    : axis_(axis), device_(device), value_(Tensor::over(dtype, shape, nullptr, nullptr)) {
  Shape empty = shape;
  if (axis) empty[*axis] = 0;
  value_.tensor.set_shape(empty);
}

int64_t KeptState::row_elements() const {
  const Shape& shape = value_.tensor.shape();
  return shape.elements(*axis_ + 1, shape.rank());
}

size_t KeptState::row_bytes() const {
  return byte_size(value_.tensor.dtype(), row_elements()).value_or(0);
}

void KeptState::set(const Tensor& value) {
  const Shape& shape = value.shape();
  value_.tensor.set_shape(shape);
  capacity_ = 0;
  if (axis_) {
    move_to(shape[*axis_]);
  } else {
    reserve(shape);
    advance(shape);
  }
  copy({memory_.get(), value.bytes(), value.raw(), value.bytes(), value.bytes()});
}

void KeptState::reserve(const Shape& next) {
  if (!axis_) {
    const size_t bytes = checked_bytes(value_.tensor.dtype(), next);
    if (other_ != nullptr && bytes <= other_bytes_) return;
    other_bytes_ = other_ == nullptr ? bytes : bytes + bytes / 2;
    other_ = allocate(other_bytes_);
    return;
  }
  const Shape& now = value_.tensor.shape();
  bool fits = next.rank() == now.rank() && next[*axis_] >= now[*axis_];
  for (size_t i = 0; fits && i < now.rank(); ++i) fits = i == *axis_ || next[i] == now[i];
  if (!fits) {
    throw Error(ErrorCode::InvalidArgument, "a state of dims " + now.str() + " cannot become one of " + next.str());
  }
  if (next[*axis_] > capacity_) move_to(std::max(next[*axis_], 2 * capacity_));
}

void KeptState::advance(const Shape& next) {
  value_.tensor.set_shape(next);
  if (axis_) return;
  std::swap(memory_, other_);
  std::swap(bytes_, other_bytes_);
  bind_value(value_.tensor);
}

// Gives every block room for `capacity` rows.
void KeptState::move_to(int64_t capacity) {
  const Tensor& value = value_.tensor;
  const Shape& shape = value.shape();
  Shape roomy = shape;
  roomy[*axis_] = capacity;
  const std::shared_ptr<std::byte> memory = allocate(checked_bytes(value.dtype(), roomy));
  if (memory_ != nullptr && capacity_ > 0) {
    const size_t row = row_bytes();
    copy({memory.get(), row * static_cast<size_t>(capacity), memory_.get(), row * static_cast<size_t>(capacity_),
          row * static_cast<size_t>(shape[*axis_]), static_cast<size_t>(shape.elements(0, *axis_))});
  }
  memory_ = memory;
  capacity_ = capacity;
  bind_value(value_.tensor);
}

void KeptState::bind(Tensor& tensor, std::byte* memory) const {
  tensor.rebind(memory);
  if (!axis_) return;
  tensor.set_pitch(value_.tensor.shape().elements(0, *axis_) > 1 ? capacity_ * row_elements() : 0);
}

Tensor KeptState::dense() const {
  const Tensor& value = value_.tensor;
  const Shape& shape = value.shape();
  Tensor copied(value.dtype(), shape);
  if (!axis_) {
    copy({copied.mutable_raw(), copied.bytes(), memory_.get(), copied.bytes(), copied.bytes()});
    return copied;
  }
  const size_t row = row_bytes(), block = row * static_cast<size_t>(shape[*axis_]);
  copy({copied.mutable_raw(), block, memory_.get(), row * static_cast<size_t>(capacity_), block,
        static_cast<size_t>(shape.elements(0, *axis_))});
  return copied;
}

std::shared_ptr<std::byte> KeptState::allocate(size_t bytes) const {
  if (device_ != nullptr) return device_->allocate(bytes);
  return std::static_pointer_cast<std::byte>(allocate_aligned(bytes));
}

// Done when this returns: the memory on either side may be let go then.
void KeptState::copy(const BlockCopy& copy) const {
  if (copy.bytes == 0 || copy.blocks == 0) return;
  if (device_ != nullptr) return device_->copy(copy);
  for (size_t block = 0; block < copy.blocks; ++block) {
    std::memcpy(static_cast<std::byte*>(copy.to) + block * copy.to_pitch,
                static_cast<const std::byte*>(copy.from) + block * copy.from_pitch, copy.bytes);
  }
}

}  // namespace mica
