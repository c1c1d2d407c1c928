// ConvInteger and QLinearConv on CUDA devices.
#include "kernels/conv/channels_last.h"
#include "kernels/conv/conv_operand.h"
#include "kernels/conv/device_conv.h"
#include "kernels/conv/int8_conv_cuda.h"
#include "kernels/conv/qlinear_conv.h"
#include "kernels/matmul/product_choice.h"
#include "kernels/quant/parameters.h"
#include "kernels/quant/quant_operand.h"

namespace mica {
namespace {

// On tensor cores, of weights made by filters_by_taps.
void convolve_on_tensor_cores(cuda::Int8ConvCall call, const ConvGeometry& g, bool last, const DeviceOperands& io) {
  const int64_t channels = cuda::whole_vectors(g.channels, cuda::kMmaVectorBytes);
  const int64_t pixels = g.batch * g.outputs(), depth = channels * g.taps();
  const cuda::MmaCut cut = cuda::conv_mma_cut(pixels, g.filters, depth, g.groups, cuda::kByteTileDepth);
  if (io.explains()) return io.explain("mma " + str(cut));
  const bool there = last && channels == g.channels && reinterpret_cast<uintptr_t>(call.x) % cuda::kMmaVectorBytes == 0;
  if (!there) {
    void* images = io.scratch<uint8_t>(g.batch * g.inputs() * g.groups * channels);
    launch_byte_images(cuda::ByteImagesCall{images_shape(g, last), call.x, images, call.x_by.zero}, io.stream());
    call.x = images;
  }
  set_images(call, g, channels, last);
  const int64_t workspace = cuda::conv_workspace(cut, pixels, g.filters);
  launch_int8_conv_mma(call, cut, workspace > 0 ? io.scratch<int32_t>(workspace) : nullptr, io.stream());
}

template <bool on_tensor_cores>
void convolve(const cuda::Int8ConvCall& call, const ConvGeometry& g, bool last, const DeviceOperands& io) {
  if constexpr (on_tensor_cores) {
    convolve_on_tensor_cores(call, g, last, io);
  } else {
    if (io.explains()) return io.explain(explain_plain_conv(call));
    launch_int8_conv(call, io.stream());
  }
}

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

template <bool on_tensor_cores>
void run_integer(const ConvParams& op, const DeviceOperands& io) {
  const ConvGeometry g = conv_geometry(op, io.in(0).shape(), io.in(1).shape(), io.out(0).shape());
  cuda::Int8ConvCall call = conv_call(g, io, 0, 1, false);
  call.x_by.zero = quant_numbers(io, 2);
  call.w_by.zero = quant_numbers(io, 3, call.all_filters());
  convolve<on_tensor_cores>(call, g, false, io);
}

template <bool on_tensor_cores>
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
  convolve<on_tensor_cores>(call, g, last, io);
}

DeviceKernel with_filters_by_taps(DeviceKernel kernel, size_t weights) {
  kernel.form = filters_by_taps;
  kernel.formed_input = weights;
  kernel.least_capability = cuda::kByteProducts;
  kernel.explains = true;
  return kernel;
}

}  // namespace

void cuda_kernels_int8_conv(DeviceKernelTable& table) {
  constexpr auto kAllVersions = DeviceKernelTable::kAllVersions;
  constexpr std::string_view kName = "int8 windows", kOnTensorCores = "int8 mma";
  constexpr size_t kIntegerWeights = 1;
  using enum QLinearConv::Input;
  table.add("ConvInteger", kAllVersions,
            with_filters_by_taps(
                device_kernel<ConvParams>(kOnTensorCores, run_integer<true>, takes_tiles(types::any, kIntegerWeights)),
                kIntegerWeights));
  DeviceKernel plain_integer = device_kernel<ConvParams>(kName, run_integer<false>, takes_windows());
  DeviceKernel plain = device_kernel<QLinearConv>(kName, run_qlinear<false>, takes_windows());
  plain_integer.explains = plain.explains = true;
  table.add("ConvInteger", kAllVersions, plain_integer);
  const DeviceKernel on_tensor_cores = with_filters_by_taps(
      device_kernel<QLinearConv>(kOnTensorCores, run_qlinear<true>, takes_tiles(types::any, kW)), kW);
  for (const std::string_view domain : {"", "com.microsoft"}) {
    table.add("QLinearConv", kAllVersions, on_tensor_cores, domain);
    table.add("QLinearConv", kAllVersions, plain, domain);
  }
}

}  // namespace mica
