// Conv, ConvLayer and the transposed convolutions on CUDA devices.
#include "kernels/conv/conv_layer.h"
#include "kernels/conv/conv_operand.h"
#include "kernels/conv/conv_transpose.h"
#include "kernels/conv/device_conv.h"
#include "kernels/matmul/own_product.h"

namespace mica {

static void set_counts(cuda::ConvShape& to, const ConvGeometry& g) {
  to.batch = narrow_count(g.batch);
  to.groups = narrow_count(g.groups);
  to.channels = narrow_count(g.channels);
  to.filters = narrow_count(g.filters);
}

void set_conv_shape(cuda::ConvShape& to, const ConvGeometry& g, bool x_last, bool y_last) {
  set_window(to, g, g.batch, {g.groups * g.channels, x_last}, {g.groups * g.filters, y_last});
  set_counts(to, g);
  narrow_count((g.channels + 16) * to.taps);
  narrow_count(g.groups * g.filters * g.outputs());
  to.by_channels = divisor_of(g.channels);
  to.by_filters = divisor_of(g.groups * g.filters);
}

cuda::ImagesShape images_shape(const ConvGeometry& g, bool x_last) {
  const int64_t all = g.groups * g.channels;
  return {narrow_count(g.batch), narrow_count(g.inputs()), narrow_count(g.groups), narrow_count(g.channels),
          all * g.inputs(),      x_last ? all : 1,         x_last ? 1 : g.inputs()};
}

void set_images(cuda::ConvShape& call, const ConvGeometry& g, int64_t channels, bool y_last) {
  set_window(call, g, g.batch, {g.groups * channels, true}, {g.groups * g.filters, y_last});
  call.channels = narrow_count(channels);
  narrow_count(channels * g.taps());
}

namespace {

constexpr size_t kBias = 2, kResidual = 3;  // inputs

// Without the window.
cuda::ConvCall operands_of(const ConvGeometry& g, const DeviceOperands& io) {
  check_bias(io.shapes(), kBias, g.groups * g.filters);
  cuda::ConvCall call{};
  call.number = number_of(io.in(0).dtype());
  call.x = io.data(0);
  call.w = io.data(1);
  call.bias = io.data(kBias);
  call.y = io.out(0).mutable_raw();
  return call;
}

cuda::ConvCall conv_call(const ConvGeometry& g, const DeviceOperands& io, bool x_last, bool y_last) {
  cuda::ConvCall call = operands_of(g, io);
  set_conv_shape(call, g, x_last, y_last);
  return call;
}

using Convolve = void (*)(const DeviceConv& conv, const DeviceOperands& io);

template <Convolve convolve>
void run_conv(const ConvParams& op, const DeviceOperands& io) {
  const ConvGeometry g = conv_geometry(op, io.in(0).shape(), io.in(1).shape(), io.out(0).shape());
  convolve({g, conv_call(g, io, false, false), false, false}, io);
}

template <Convolve convolve>
void run_conv_layer(const ConvLayer& op, const DeviceOperands& io) {
  const Shape &x = io.in(0).shape(), &y = io.out(0).shape();
  if (x.rank() < 3 || x.rank() != y.rank()) bad_input("input " + x.str() + " and output " + y.str() + " do not fit");
  const ConvGeometry g = conv_geometry(op, op.dims_of_x(x), io.in(1).shape(), op.channels_last ? channels_first(y) : y);
  const bool x_last = op.channels_last && !op.x_channels_first;
  cuda::ConvCall call = conv_call(g, io, x_last, op.channels_last);
  if (io.has(kResidual)) {
    const Tensor& residual = io.in(kResidual);
    if (residual.shape() != y) bad_input("the residual " + residual.str() + " has not the dims of " + y.str());
    call.addend = residual.raw();
  }
  call.activation = op.activation;
  call.low = op.low;
  call.high = op.high;
  convolve({g, call, x_last, op.channels_last}, io);
}

// The roles of x and y are those of the convolution whose gradient is computed.
void launch_transpose(const ConvGeometry& g, const DeviceOperands& io, bool last) {
  cuda::ConvCall call = operands_of(g, io);
  set_window(call, g, g.batch, {g.groups * g.filters, last}, {g.groups * g.channels, last});
  set_counts(call, g);
  launch_conv_transpose(call, io.stream());
}

void run_conv_transpose(const ConvTranspose& op, const DeviceOperands& io) {
  launch_transpose(transposed_geometry(op, io.in(0).shape(), io.in(1).shape(), io.out(0).shape()), io, false);
}

void run_channels_last_transpose(const ChannelsLastConvTranspose&, const DeviceOperands& io) {
  const Shape &x = io.in(0).shape(), &w = io.in(1).shape(), &y = io.out(0).shape();
  if (x.rank() < 3 || w.rank() != x.rank() || y.rank() != x.rank()) {
    bad_input("input " + x.str() + ", weights " + w.str() + " and output " + y.str() + " do not fit");
  }
  ConvTranspose op;
  op.strides.assign(w.dims().begin() + 2, w.dims().end());
  const ConvGeometry g = transposed_geometry(op, channels_first(x), w, channels_first(y));
  for (size_t i = 0; i < g.rank; ++i) {
    if (g.axes[i].input != g.axes[i].output * g.axes[i].kernel) bad_input("output " + y.str() + " does not fit");
  }
  launch_transpose(g, io, true);
}

}  // namespace

void cuda_kernels_conv(DeviceKernelTable& table) {
  constexpr auto kAllVersions = DeviceKernelTable::kAllVersions;
  constexpr size_t kWeights = 1;
  const auto add = [&](std::string_view name, DType images, cuda::ProductOperands operands, FormConstant form) {
    const auto kernel_of = [&](DeviceKernel kernel) {
      kernel.form = form;
      kernel.formed_input = kWeights;
      kernel.least_capability = cuda::least_capability_for(operands);
      kernel.explains = true;
      return kernel;
    };
    const auto accepts = takes_tiles({images});
    table.add("Conv", kAllVersions,
              kernel_of(device_kernel<ConvParams>(name, run_conv<convolve_on_tensor_cores>, accepts)));
    if (images != DType::F32) return;
    table.add("ConvLayer", kAllVersions,
              kernel_of(device_kernel<ConvLayer>(name, run_conv_layer<convolve_on_tensor_cores>, accepts)), "mica");
  };
  using enum cuda::Number;
  add("bf16", DType::F32, {BF16}, filters_in_brain);
  add("tf32", DType::F32, {F32, true}, filters_by_taps);
  add("mma", DType::F16, {F16}, filters_by_taps);
  add("mma", DType::BF16, {BF16}, filters_by_taps);
  const auto accepts = takes_windows(types::floats);
  const auto explained = [](DeviceKernel kernel) {
    kernel.explains = true;
    return kernel;
  };
  table.add("Conv", kAllVersions, explained(device_kernel<ConvParams>("windows", run_conv<convolve_plainly>, accepts)));
  table.add("ConvLayer", kAllVersions,
            explained(device_kernel<ConvLayer>("windows", run_conv_layer<convolve_plainly>, accepts)), "mica");
  table.add("ConvTranspose", kAllVersions, device_kernel<ConvTranspose>("elements", run_conv_transpose, accepts));
  table.add("ChannelsLastConvTranspose", kAllVersions,
            device_kernel<ChannelsLastConvTranspose>("elements", run_channels_last_transpose, accepts), "mica");
}

}  // namespace mica
