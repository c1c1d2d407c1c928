// ConvInteger and QLinearConv on CUDA devices.
#include "kernels/conv/channels_last.h"
#include "kernels/conv/conv_operand.h"
#include "kernels/conv/int8_conv_cuda.h"
#include "kernels/conv/qlinear_conv.h"
#include "kernels/quant/parameters.h"
#include "kernels/quant/quant_operand.h"

namespace mica {
namespace {

cuda::Int8ConvCall conv_call(const ConvGeometry& g, const DeviceOperands& io, size_t x, size_t w, bool last) {
  cuda::Int8ConvCall call{};
  set_conv_shape(call, g, last, last);
  call.x_number = number_of(io.in(x).dtype());
  call.w_number = number_of(io.in(w).dtype());
  call.to = number_of(io.out(0).dtype());
  call.x = io.data(x);
  call.w = io.data(w);
  call.y = io.out(0).mutable_raw();
  return call;
}

void run_integer(const ConvParams& op, const DeviceOperands& io) {
  const ConvGeometry g = conv_geometry(op, io.in(0).shape(), io.in(1).shape(), io.out(0).shape());
  cuda::Int8ConvCall call = conv_call(g, io, 0, 1, false);
  call.x_by.zero = quant_numbers(io, 2);
  call.w_by.zero = quant_numbers(io, 3, call.all_filters());
  launch_int8_conv(call, io.stream());
}

void run_qlinear(const QLinearConv& op, const DeviceOperands& io) {
  using enum QLinearConv::Input;
  const Shape &x = io.in(kX).shape(), &y = io.out(0).shape();
  if (x.rank() < 3 || y.rank() != x.rank()) bad_input("input " + x.str() + " and output " + y.str() + " do not fit");
  const bool last = op.channels_last;
  const ConvGeometry g =
      conv_geometry(op, last ? channels_first(x) : x, io.in(kW).shape(), last ? channels_first(y) : y);
  cuda::Int8ConvCall call = conv_call(g, io, kX, kW, last);
  check_bias(io.shapes(), kBias, call.all_filters());
  if (io.has(kBias)) call.bias = io.in(kBias).data<int32_t>();
  call.x_by = tensor_quantization(io, kXScale, kXZero);
  call.w_by = {quant_numbers(io, kWScale, call.all_filters()), quant_numbers(io, kWZero, call.all_filters())};
  call.y_by = tensor_quantization(io, kYScale, kYZero);
  launch_int8_conv(call, io.stream());
}

}  // namespace

void cuda_kernels_int8_conv(DeviceKernelTable& table) {
  constexpr auto kAllVersions = DeviceKernelTable::kAllVersions;
  constexpr std::string_view kName = "int8 windows";
  table.add("ConvInteger", kAllVersions, device_kernel<ConvParams>(kName, run_integer, takes_windows()));
  const DeviceKernel qlinear = device_kernel<QLinearConv>(kName, run_qlinear, takes_windows());
  table.add("QLinearConv", kAllVersions, qlinear);
  table.add("QLinearConv", kAllVersions, qlinear, "com.microsoft");
}

}  // namespace mica
