// Tensors in the memory of a device, for runs that copy nothing from or to the host.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/tensor.h"

namespace mica {

class Device;

/// A dense tensor on a device, such as "cuda:0", or with "cpu" in memory of the host. Copying a DeviceTensor copies no
/// elements: both are the same memory, which lives as long as one of them, or a session that it is bound to. Memory
/// that is let go is used again for the next tensor. All functions throw Error.
///
///   auto ids = mica::DeviceTensor::of("cuda:0", mica::Tensor::view<int64_t>({1, 128}, host_ids));
///   mica::DeviceTensor logits("cuda:0", mica::DType::F32, {1, 128, 30522});
///   session.bind_input("input_ids", ids);
///   session.bind_output("logits", logits);
///   session.run({});   // gives the device its work and returns
///   session.wait();
///   mica::Tensor on_host = logits.download();
class DeviceTensor {
 public:
  DeviceTensor() = default;  ///< undefined
  /// Uninitialised elements. Not for strings. Throws Unsupported when there is no such device, OutOfMemory.
  DeviceTensor(std::string_view device, DType dtype, const Shape& shape);
  /// The elements of a tensor of the host.
  static DeviceTensor of(std::string_view device, const Tensor& tensor);

  bool defined() const { return tensor_.defined(); }
  DType dtype() const { return tensor_.dtype(); }
  const Shape& shape() const { return tensor_.shape(); }
  size_t bytes() const { return tensor_.bytes(); }
  std::string str() const { return tensor_.str(); }
  /// On the device: for other programs' kernels, not to be read by the host.
  void* address() const { return const_cast<void*>(tensor_.raw()); }

  /// Copies from or to the host, and waits until it is done. A session that is still at work with this tensor is to be
  /// waited for before (Session::wait). `from` has this tensor's type and dims.
  void upload(const Tensor& from);
  Tensor download() const;

 private:
  friend class Session;

  std::shared_ptr<Device> device_;  ///< null: the host
  Tensor tensor_;                   ///< whose memory is the device's
};

}  // namespace mica
