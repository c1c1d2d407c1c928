#include "runtime/base/tensor.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/memory.h"

namespace mica {
namespace {

std::shared_ptr<void> allocate_strings(size_t count) {
  std::shared_ptr<void> memory = allocate_aligned(count * sizeof(std::string));
  auto* strings = static_cast<std::string*>(memory.get());
  std::uninitialized_value_construct_n(strings, count);
  return {strings, [memory, count](void* p) { std::destroy_n(static_cast<std::string*>(p), count); }};
}

}  // namespace

Tensor::Tensor(DType dtype, const Shape& shape) : dtype_(dtype), shape_(shape) {
  const auto elements = checked_elements(shape.dims());
  const auto bytes = elements ? byte_size(dtype, *elements) : std::nullopt;
  if (!bytes) {
    throw Error(ErrorCode::InvalidArgument, "tensor " + str() + " is too large or has no element type");
  }
  try {
    auto buffer = dtype == DType::String ? allocate_strings(static_cast<size_t>(*elements)) : allocate_aligned(*bytes);
    data_ = buffer.get();
    owner_ = std::move(buffer);
  } catch (const Error& error) {
    throw error.within("tensor " + str());
  }
}

Tensor Tensor::over(DType dtype, const Shape& shape, const void* data, std::shared_ptr<const void> owner) {
  Tensor tensor;
  tensor.dtype_ = dtype;
  tensor.shape_ = shape;
  tensor.data_ = const_cast<void*>(data);
  tensor.owner_ = std::move(owner);
  return tensor;
}

size_t Tensor::bytes() const {
  return byte_size(dtype_, elements()).value_or(0);
}

Tensor Tensor::clone() const {
  if (!defined()) return {};
  Tensor copy(dtype_, shape_);
  if (dtype_ == DType::String) {
    std::copy_n(data<std::string>(), elements(), copy.mutable_data<std::string>());
  } else if (const size_t size = bytes(); size > 0) {
    std::memcpy(copy.data_, data_, size);
  }
  return copy;
}

Tensor Tensor::reshaped(const Shape& shape) const {
  check_count(shape, static_cast<size_t>(elements()));
  Tensor copy = *this;
  copy.shape_ = shape;
  return copy;
}

std::string Tensor::str() const {
  return std::string(name(dtype_)) + shape_.str();
}

void Tensor::check_dtype(DType wanted) const {
  if (dtype_ == wanted) return;
  throw Error(ErrorCode::InvalidArgument,
              "tensor holds " + std::string(name(dtype_)) + ", not " + std::string(name(wanted)));
}

void Tensor::check_count(const Shape& shape, size_t count) {
  const auto elements = checked_elements(shape.dims());
  if (elements && static_cast<size_t>(*elements) == count) return;
  throw Error(ErrorCode::InvalidArgument,
              "shape " + shape.str() + " does not hold " + std::to_string(count) + " elements");
}

Datum Datum::sequence(std::vector<Datum> items) {
  Datum datum;
  datum.kind = Kind::Sequence;
  datum.items = std::move(items);
  return datum;
}

Datum Datum::absent() {
  Datum datum;
  datum.kind = Kind::Absent;
  return datum;
}

std::string Datum::str() const {
  switch (kind) {
    case Kind::Tensor:
      return tensor.str();
    case Kind::Sequence:
      return "sequence of " + std::to_string(items.size());
    case Kind::Absent:
      return "none";
    case Kind::Map:
      break;
  }
  return "map";
}

}  // namespace mica
