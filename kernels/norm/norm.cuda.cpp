// LayerNormalization, RMSNormalization and their forms with a skipped input, on CUDA devices.
#include <string>

#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/norm/layer_norm.h"
#include "kernels/norm/norm_cuda.h"

namespace mica {
namespace {

float* floats(const DeviceOperands& io, size_t output) {
  return io.wants(output) ? io.out(output).mutable_data<float>() : nullptr;
}

void run_norm(const LayerNorm& op, const DeviceOperands& io) {
  const Tensor& x = io.in(0);
  const auto [rows, width] = x.shape().split_at(op.axis);
  for (const size_t i : {1, 2}) {
    if (io.has(i) && io.in(i).elements() != width) bad_input(io.in(i).str() + " is no row of " + x.str());
  }
  cuda::NormCall call{number_of(x.dtype()), x.raw(), io.out(0).mutable_raw(), rows, width, io.data(1), io.data(2),
                      op.epsilon,           op.rms};
  if (!op.rms) call.mean = floats(io, 1);
  call.inverse_deviation = floats(io, op.rms ? 1 : 2);
  launch_norm(call, io.stream());
}

// Scale and bias must be seen to be one row: of the dims of X from `axis` on.
std::string refuse_norm(const void* params, std::span<const ValueType> inputs) {
  const auto& op = *static_cast<const LayerNorm*>(params);
  if (op.stash_type != DType::F32) return "gives mean and deviation as float only";
  const auto& x = inputs[0].dims;
  for (size_t i = 1; i < inputs.size(); ++i) {
    if (inputs[i].dtype == DType::Undefined) continue;
    if (inputs[i].dtype != inputs[0].dtype) return "takes tensors of one type";
    const auto& row = inputs[i].dims;
    if (!x || !row) return "needs to know the dims of scale and bias";
    const size_t axis = static_cast<size_t>(op.axis < 0 ? op.axis + static_cast<int64_t>(x->size()) : op.axis);
    if (axis > x->size() || row->size() != x->size() - axis ||
        !std::equal(row->begin(), row->end(), x->begin() + static_cast<ptrdiff_t>(axis))) {
      return "takes a scale and a bias for each element of a row";
    }
  }
  return "";
}

void run_skip_norm(const SkipLayerNorm& op, const DeviceOperands& io) {
  const Tensor &x = io.in(0), &skip = io.in(1);
  if (x.shape().rank() == 0 || skip.shape().rank() == 0) bad_input("input or skip is a scalar");
  const auto [rows, width] = x.shape().split_at(-1);
  const int64_t skip_rows = skip.shape().split_at(-1).rows;
  if (skip.shape().back() != width || (skip_rows == 0 ? rows != 0 : rows % skip_rows != 0)) {
    bad_input("skip " + skip.str() + " does not fit input " + x.str());
  }
  const size_t beta = 3, bias = op.rms ? 3 : 4;
  for (const size_t i : {size_t{2}, beta, bias}) {
    if (io.has(i) && io.in(i).elements() != width) {
      bad_input("gamma, beta or bias " + io.in(i).str() + " does not fit input " + x.str());
    }
  }
  cuda::NormCall call{number_of(x.dtype()),
                      x.raw(),
                      io.out(0).mutable_raw(),
                      rows,
                      width,
                      io.data(2),
                      nullptr,
                      op.epsilon,
                      op.rms,
                      skip.raw(),
                      skip_rows,
                      io.data(bias)};
  if (!op.rms) call.bias = io.data(beta);
  if (io.wants(3)) call.sum = io.out(3).mutable_raw();
  call.mean = floats(io, 1);
  call.inverse_deviation = floats(io, 2);
  launch_norm(call, io.stream());
}

}  // namespace

void cuda_kernels_norm(DeviceKernelTable& table) {
  constexpr auto kAllVersions = DeviceKernelTable::kAllVersions;
  const DeviceKernel norm = device_kernel<LayerNorm>("rows", run_norm, refuse_norm);
  for (const std::string_view op_type : {"LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization"}) {
    table.add(op_type, kAllVersions, norm);
  }
  table.add("SimplifiedLayerNormalization", kAllVersions, norm, "com.microsoft");
  const DeviceKernel skip_norm = device_kernel<SkipLayerNorm>("rows", run_skip_norm);
  table.add("SkipLayerNormalization", kAllVersions, skip_norm, "com.microsoft");
  table.add("SkipSimplifiedLayerNormalization", kAllVersions, skip_norm, "com.microsoft");
}

}  // namespace mica
