#include "runtime/device_tensor.h"

#include <cstring>

#include "backends/backend.h"
#include "runtime/base/error.h"
#include "runtime/base/memory.h"

namespace mica {

namespace {

size_t checked_bytes(DType dtype, const Shape& shape) {
  if (dtype != DType::String && dtype != DType::Undefined) {
    const auto elements = checked_elements(shape.dims());
    if (const auto bytes = elements ? byte_size(dtype, *elements) : std::nullopt) return *bytes;
  }
  throw Error(ErrorCode::InvalidArgument,
              "there is no tensor " + std::string(name(dtype)) + shape.str() + " on a device");
}

}  // namespace

DeviceTensor::DeviceTensor(std::string_view device, DType dtype, const Shape& shape)
    : device_(device == "cpu" ? nullptr : open_device(device)) {
  const size_t bytes = checked_bytes(dtype, shape);
  const std::shared_ptr<void> memory =
      device_ == nullptr ? allocate_aligned(bytes) : std::shared_ptr<void>(device_->allocate(bytes));
  tensor_ = Tensor::over(dtype, shape, memory.get(), memory);
}

DeviceTensor DeviceTensor::of(std::string_view device, const Tensor& tensor) {
  DeviceTensor copy(device, tensor.dtype(), tensor.shape());
  copy.upload(tensor);
  return copy;
}

void DeviceTensor::upload(const Tensor& from) {
  if (!defined() || from.dtype() != dtype() || from.shape() != shape()) {
    throw Error(ErrorCode::InvalidArgument, from.str() + " cannot be copied to " + (defined() ? str() : "no tensor"));
  }
  if (bytes() == 0) return;
  if (device_ == nullptr) {
    std::memcpy(address(), from.raw(), bytes());
    return;
  }
  const auto stream = device_->make_stream();
  stream->upload(address(), from.raw(), bytes());
  stream->synchronize();
}

Tensor DeviceTensor::download() const {
  if (!defined()) throw Error(ErrorCode::InvalidArgument, "an undefined tensor has no elements");
  if (device_ == nullptr) return tensor_.clone();
  Tensor host(dtype(), shape());
  if (bytes() == 0) return host;
  const auto stream = device_->make_stream();
  stream->download(host.mutable_raw(), address(), bytes());
  stream->synchronize();
  return host;
}

}  // namespace mica
