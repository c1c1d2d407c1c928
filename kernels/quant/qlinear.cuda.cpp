// QLinearAdd, QLinearMul and the poolings of quantised tensors on CUDA devices.
#include "kernels/conv/window_operand.h"
#include "kernels/quant/qlinear_cuda.h"
#include "kernels/quant/qlinear_pool.h"
#include "kernels/quant/quant_operand.h"

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
  table.add("QLinearAveragePool", kAllVersions, device_kernel<QLinearPool>("windows", run_pool<false>, takes_windows()),
            kContrib);
  table.add("QLinearGlobalAveragePool", kAllVersions,
            device_kernel<QLinearPool>("windows", run_pool<true>, takes_windows()), kContrib);
}

}  // namespace mica
