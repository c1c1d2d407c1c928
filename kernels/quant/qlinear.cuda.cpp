// Functions of quantised tensors on CUDA devices.
#include "kernels/conv/window_operand.h"
#include "kernels/quant/qlinear_concat.h"
#include "kernels/quant/qlinear_cuda.h"
#include "kernels/quant/qlinear_pool.h"
#include "kernels/quant/qlinear_softmax.h"
#include "kernels/quant/qlinear_unary.h"
#include "kernels/quant/quant_operand.h"
#include "kernels/quant/quantize_cuda.h"
#include "kernels/shape/concat.h"
#include "kernels/softmax/softmax_cuda.h"

namespace mica {
namespace {

template <bool product>
void run_binary(const NoParams&, const DeviceOperands& io) {
  enum Input : size_t { kA, kAScale, kAZero, kB, kBScale, kBZero, kCScale, kCZero };
  Tensor& c = io.out(0);
  cuda::launch_qlinear_binary({product, number_of(c.dtype()), io.data(kA), io.data(kB), c.mutable_raw(),
                               tensor_quantization(io, kAScale, kAZero), tensor_quantization(io, kBScale, kBZero),
                               tensor_quantization(io, kCScale, kCZero),
                               broadcast_walk<2>(c.shape(), {&io.in(kA).shape(), &io.in(kB).shape()})},
                              io.stream());
}

enum UnaryInput : size_t { kX, kXScale, kXZero, kYScale, kYZero };

void run_map(cuda::UnaryFunction function, float alpha, const DeviceOperands& io) {
  const Tensor& x = io.in(kX);
  cuda::QLinearMapCall call{function,
                            alpha,
                            number_of(x.dtype()),
                            x.raw(),
                            io.out(0).mutable_raw(),
                            tensor_quantization(io, kXScale, kXZero),
                            tensor_quantization(io, kYScale, kYZero),
                            {}};
  call.walk.add(x.elements(), {{1, 1}});
  launch_qlinear_map(call, io.stream());
}

void run_sigmoid(const QLinearSigmoid&, const DeviceOperands& io) {
  run_map(cuda::UnaryFunction::Sigmoid, 0, io);
}

void run_leaky_relu(const QLinearLeakyRelu& op, const DeviceOperands& io) {
  run_map(cuda::UnaryFunction::LeakyRelu, op.alpha, io);
}

void run_concat(const QLinearConcat& op, const DeviceOperands& io) {
  Tensor& y = io.out(0);
  const cuda::TensorQuantization y_by = tensor_quantization(io, 0, 1);
  const auto part = [&](size_t i, int64_t to, int64_t width, int64_t pitch) {
    const Tensor& x = io.in(i);
    cuda::QLinearMapCall call{cuda::UnaryFunction::Identity,
                              0,
                              number_of(y.dtype()),
                              x.raw(),
                              y.mutable_raw(),
                              tensor_quantization(io, i + 1, i + 2),
                              y_by,
                              {}};
    call.walk.start = {{0, to}};
    call.walk.add(width, {{1, 1}});
    call.walk.add(x.elements() / width, {{width, pitch}});
    launch_qlinear_map(call, io.stream());
  };
  join_parts(io.shapes(), op.axis, QLinearConcat::kFirst, QLinearConcat::kStep, part);
}

void run_softmax(const QLinearSoftmax& op, const DeviceOperands& io) {
  constexpr cuda::Number kFloat = cuda::Number::F32;
  const Tensor& x = io.in(kX);
  const cuda::TensorQuantization x_by = tensor_quantization(io, kXScale, kXZero);
  const cuda::TensorQuantization y_by = tensor_quantization(io, kYScale, kYZero);
  const AxisExtent e = axis_extent(op, x.shape());
  float* numbers = io.scratch<float>(x.elements());
  const cuda::Number codes = number_of(x.dtype());
  cuda::launch_dequantize({codes, kFloat, x.raw(), numbers, x.elements(), x_by.scale, x_by.zero, {}}, io.stream());
  cuda::launch_softmax({kFloat, numbers, numbers, e.outer, e.width, e.inner, false}, io.stream());
  cuda::launch_quantize(
      {kFloat, codes, kFloat, numbers, io.out(0).mutable_raw(), x.elements(), y_by.scale, y_by.zero, {}}, io.stream());
}

template <bool global>
void run_pool(const QLinearPool& op, const DeviceOperands& io) {
  using enum QLinearPool::Input;
  const Shape& x = io.in(kX).shape();
  const WindowGeometry g = qlinear_pool_geometry(op, x, io.out(0).shape(), global);
  const int64_t channels = op.channels_last ? x.back() : x[1];
  cuda::QLinearPoolCall call{};
  set_window(call, g, x[0], {channels, op.channels_last}, {channels, op.channels_last});
  call.number = number_of(io.in(kX).dtype());
  call.x = io.data(kX);
  call.y = io.out(0).mutable_raw();
  call.x_by = tensor_quantization(io, kXScale, kXZero);
  call.y_by = tensor_quantization(io, kYScale, kYZero);
  call.batch = narrow_count(x[0]);
  call.channels = narrow_count(channels);
  call.count_padding = op.count_include_pad;
  call.whole_planes = sees_planes(g);
  launch_qlinear_pool(call, io.stream());
}

}  // namespace

void cuda_kernels_qlinear(DeviceKernelTable& table) {
  constexpr auto kAllVersions = DeviceKernelTable::kAllVersions;
  constexpr std::string_view kContrib = "com.microsoft";
  table.add("QLinearAdd", kAllVersions, device_kernel<NoParams>("elements", run_binary<false>), kContrib);
  table.add("QLinearMul", kAllVersions, device_kernel<NoParams>("elements", run_binary<true>), kContrib);
  table.add("QLinearSigmoid", kAllVersions, device_kernel<QLinearSigmoid>("elements", run_sigmoid), kContrib);
  table.add("QLinearLeakyRelu", kAllVersions, device_kernel<QLinearLeakyRelu>("elements", run_leaky_relu), kContrib);
  table.add("QLinearConcat", kAllVersions, device_kernel<QLinearConcat>("elements", run_concat), kContrib);
  table.add("QLinearSoftmax", kAllVersions, device_kernel<QLinearSoftmax>("rows", run_softmax), kContrib);
  table.add("QLinearAveragePool", kAllVersions, device_kernel<QLinearPool>("windows", run_pool<false>, takes_windows()),
            kContrib);
  table.add("QLinearGlobalAveragePool", kAllVersions,
            device_kernel<QLinearPool>("windows", run_pool<true>, takes_windows()), kContrib);
}

}  // namespace mica
