// Resize and Upsample on CUDA devices.
#include "kernels/image/resize.h"

#include <cstring>

#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/image/resize_cuda.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

constexpr DTypeSet kWholeBytes = types::any - types::string - types::sub_byte;
constexpr DTypeSet kFiltered = types::floats | (types::ints - DTypeSet{DType::U64});

void run(const Resize& op, const DeviceOperands& io) {
  static_assert(cuda::ResizeCall::kMostAxes >= Shape::kMaxRank);
  const Tensor& x = io.in(0);
  Tensor& y = io.out(0);
  const size_t rank = x.shape().rank();
  const auto axes = resized_axes(op, io.shapes());
  if (y.elements() == 0) return;
  if (x.elements() == 0) bad_input("cannot resize " + x.str() + " to " + y.str());
  const bool filtered = op.mode != Resize::Mode::Nearest;
  cuda::ResizeCall call{};
  call.number = number_of(x.dtype());
  call.x = x.raw();
  call.y = y.mutable_raw();
  call.width = bit_width(x.dtype()) / 8;
  call.elements = y.elements();
  call.rank = static_cast<int>(rank);
  call.form = filter_form(op);
  call.rounding = op.rounding;
  call.extrapolation = op.extrapolation_value;
  visit_dtype<float, double, Half, BFloat16>(x.dtype(), [&]<class T>() {
    const T value(op.extrapolation_value);
    std::memcpy(&call.extrapolation_bits, &value, sizeof value);
  });
  const auto strides = x.shape().strides();
  for (size_t d = 0; d < rank; ++d) {
    cuda::ResizeCall::Axis& axis = call.axes[rank - 1 - d];
    axis = {axes[d], strides[d], 1, nullptr, nullptr};
    if (axes[d].identity()) continue;
    axis.first = io.scratch<int64_t>(axes[d].output);
    if (!filtered) continue;
    axis.taps = checked_taps(call.form, axes[d]);
    axis.weights = io.scratch<float>(axes[d].output * axis.taps);
  }
  filtered ? launch_resize_filtered(call, io.stream()) : launch_resize_nearest(call, io.stream());
}

std::string refuse(const void* params, std::span<const ValueType> inputs) {
  const auto& op = *static_cast<const Resize*>(params);
  const bool filtered = op.mode != Resize::Mode::Nearest;
  if (!is_float(inputs[0].dtype) && op.extrapolation_value != 0) return "extrapolates floats only";
  return takes_only(filtered ? kFiltered : kWholeBytes, 1)(params, inputs);
}

}  // namespace

void cuda_kernels_resize(DeviceKernelTable& table) {
  const DeviceKernel resize = device_kernel<Resize>("elements", run, refuse, 0b1110);
  table.add("Resize", DeviceKernelTable::kAllVersions, resize);
  table.add("Upsample", DeviceKernelTable::kAllVersions, resize);
}

}  // namespace mica
