// What callers of CUDA launchers make of scales and zero points.
#pragma once

#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/quant/quant_numbers.h"
#include "runtime/base/concat.h"

namespace mica {

/// An optional input, absent or of `wanted` numbers or one; with wanted < 0 of any number that divides -wanted.
inline cuda::QuantNumbers quant_numbers(const DeviceOperands& io, size_t input, int64_t wanted = 1) {
  if (!io.has(input)) return {};
  const Tensor& tensor = io.in(input);
  const int64_t count = tensor.elements();
  const bool fits = count == 1 || count == wanted || (wanted < 0 && count > 0 && -wanted % count == 0);
  if (!fits) throw_error(ErrorCode::InvalidArgument, {"scales or zero points are ", tensor});
  return {tensor.raw(), number_of(tensor.dtype()), count};
}
inline cuda::TensorQuantization tensor_quantization(const DeviceOperands& io, size_t scale, size_t zero) {
  return {quant_numbers(io, scale), quant_numbers(io, zero)};
}

/// A scale and a zero point on the device.
struct DynamicQuantization {
  float* scale;
  uint8_t* zero;
};
/// Those by which the range of floats x, 0 included, becomes that of uint8; in `scale` and `zero`, or where these are
/// null in scratch.
DynamicQuantization dynamic_quantization(const DeviceOperands& io, const Tensor& x, Tensor* scale, Tensor* zero);
void quantize_on_device(const DeviceOperands& io, const Tensor& x, const DynamicQuantization& by, uint8_t* y);

}  // namespace mica
