// BatchNormalization, InstanceNormalization and GroupNormalization on CUDA devices.
#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/norm/batch_norm.h"
#include "kernels/norm/channel_norm_cuda.h"
#include "kernels/norm/group_norm.h"

namespace mica {
namespace {

cuda::ChannelNumbers numbers(const DeviceOperands& io, size_t input) {
  return {io.in(input).raw(), number_of(io.in(input).dtype())};
}

void run_batch_norm(const BatchNorm& op, const DeviceOperands& io) {
  const Tensor& x = io.in(0);
  const BatchNormLayout l = batch_norm_layout(op, x.shape());
  for (size_t i = 1; i < 5; ++i) {
    if (io.in(i).elements() != l.channels)
      bad_input(io.in(i).str() + " is not a number for each channel of " + x.str());
  }
  cuda::launch_batch_norm({number_of(x.dtype()), x.raw(), io.out(0).mutable_raw(), x.elements(), l.channels, l.plane,
                           numbers(io, 1), numbers(io, 2), numbers(io, 3), numbers(io, 4), op.epsilon},
                          io.stream());
}

// Numbers for channels are computed with as the elements are.
std::string refuse_mixed_doubles(const void*, std::span<const ValueType> inputs) {
  for (const ValueType& input : inputs) {
    if ((input.dtype == DType::F64) != (inputs[0].dtype == DType::F64)) return "takes doubles with doubles only";
  }
  return "";
}

std::string refuse_batch_norm(const void* params, std::span<const ValueType> inputs) {
  if (static_cast<const BatchNorm*>(params)->training) return "does not train";
  return refuse_mixed_doubles(params, inputs);
}

cuda::GroupNormCall group_norm_call(const DeviceOperands& io, float epsilon) {
  const Tensor& x = io.in(0);
  cuda::GroupNormCall call{};
  call.number = number_of(x.dtype());
  call.x = x.raw();
  call.y = io.out(0).mutable_raw();
  call.scale = numbers(io, 1);
  call.bias = numbers(io, 2);
  call.epsilon = epsilon;
  return call;
}

void run_group_norm(const GroupNorm& op, const DeviceOperands& io) {
  const Shape& shape = io.in(0).shape();
  cuda::GroupNormCall call = group_norm_call(io, op.epsilon);
  call.groups = checked_groups(op, io.shapes());
  if (call.groups == 0) return;
  call.rows = shape[0] * call.groups;
  call.members = shape[1] / call.groups;
  call.plane = shape.elements(2, shape.rank());
  call.scale_groups = op.scale_groups;
  launch_group_norm(call, io.stream());
}

void run_group_norm_contrib(const GroupNormContrib& op, const DeviceOperands& io) {
  const auto [channels, plane] = checked_channels(op, io.shapes());
  cuda::GroupNormCall call = group_norm_call(io, op.epsilon);
  call.groups = op.groups;
  call.rows = io.in(0).shape()[0] * op.groups;
  call.members = channels / op.groups;
  call.plane = plane;
  call.channels_last = op.channels_last;
  call.silu = op.activation == 1;
  launch_group_norm(call, io.stream());
}

}  // namespace

void cuda_kernels_channel_norm(DeviceKernelTable& table) {
  constexpr auto kAllVersions = DeviceKernelTable::kAllVersions;
  table.add("BatchNormalization", kAllVersions,
            device_kernel<BatchNorm>("elements", run_batch_norm, refuse_batch_norm));
  const DeviceKernel group = device_kernel<GroupNorm>("rows", run_group_norm, refuse_mixed_doubles);
  table.add("InstanceNormalization", kAllVersions, group);
  table.add("GroupNormalization", kAllVersions, group);
  table.add("GroupNorm", kAllVersions,
            device_kernel<GroupNormContrib>("rows", run_group_norm_contrib, refuse_mixed_doubles), "com.microsoft");
}

}  // namespace mica
