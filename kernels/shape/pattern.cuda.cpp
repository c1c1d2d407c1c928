// Range, EyeLike and ConstantOfShape on CUDA devices.
#include <cstring>

#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/shape/constant_of_shape.h"
#include "kernels/shape/copy_cuda.h"
#include "kernels/shape/eye_like.h"
#include "kernels/shape/pattern_cuda.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

// Start and delta are read on the host.
void run_range(const void*, const DeviceOperands& io) {
  const Tensor &start = io.in(0), &delta = io.in(2);
  if (start.elements() != 1 || delta.elements() != 1) bad_input("start and delta must be scalars");
  cuda::RangeCall call{number_of(io.out(0).dtype()), io.out(0).mutable_raw(), io.out(0).elements()};
  visit_dtype<float, double, Half, BFloat16>(start.dtype(), [&]<class T>() {
    call.start = static_cast<double>(*start.data<T>());
    call.delta = static_cast<double>(*delta.data<T>());
  });
  visit_dtype<int16_t, int32_t, int64_t>(start.dtype(), [&]<class T>() {
    call.whole_start = *start.data<T>();
    call.whole_delta = *delta.data<T>();
  });
  launch_range(call, io.stream());
}

void run_eye_like(const EyeLike& op, const DeviceOperands& io) {
  Tensor& y = io.out(0);
  if (y.shape().rank() != 2) bad_input("the input must be a matrix, not " + io.in(0).str());
  cuda::DiagonalCall call{y.mutable_raw(), bit_width(y.dtype()) / 8, y.shape()[0], y.shape()[1], op.k, 0};
  const bool known = visit_dtype<float, double, Half, BFloat16, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t,
                                 uint32_t, uint64_t, bool>(y.dtype(), [&]<class T>() {
    const T one(1.0f);
    std::memcpy(&call.one, &one, sizeof one);
  });
  if (!known) bad_input("cannot make a diagonal of " + std::string(name(y.dtype())));
  launch_diagonal(call, io.stream());
}

void run_constant(const ConstantOfShape& op, const DeviceOperands& io) {
  Tensor& y = io.out(0);
  uint64_t bits = 0;
  std::memcpy(&bits, op.value.raw(), op.value.bytes());
  cuda::launch_fill(y.mutable_raw(), bit_width(y.dtype()) / 8, bits, y.elements(), io.stream());
}

std::string refuse_constant(const void* params, std::span<const ValueType>) {
  const DType dtype = static_cast<const ConstantOfShape*>(params)->value.dtype();
  const bool words = !types::string.contains(dtype) && !types::sub_byte.contains(dtype) && bit_width(dtype) <= 64;
  return words ? "" : "does not make " + std::string(name(dtype));
}

}  // namespace

void cuda_kernels_pattern(DeviceKernelTable& table) {
  constexpr auto kAllVersions = DeviceKernelTable::kAllVersions;
  table.add("Range", kAllVersions, {"elements", run_range, {}, 0b111});
  table.add("EyeLike", kAllVersions, device_kernel<EyeLike>("elements", run_eye_like));
  table.add("ConstantOfShape", kAllVersions,
            device_kernel<ConstantOfShape>("elements", run_constant, refuse_constant, 0b1));
}

}  // namespace mica
