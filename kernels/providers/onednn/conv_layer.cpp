// ConvLayer by oneDNN, where channels are last.
#include "kernels/conv/channels_last_conv.h"
#include "kernels/provider.h"
#include "kernels/providers/onednn/convolution.h"

namespace mica {
namespace {

using onednn::Convolution;

std::string accepts(const ConvLayer& op) {
  return op.channels_last ? "" : "its channels are not the last axis";
}

std::shared_ptr<const Convolution> prepack(const ConvLayer& op, const ConstantOperands& constants) {
  const Tensor* w = constants.in(1);
  if (w == nullptr || w->shape().rank() < 3 || w->shape().rank() > 4) return nullptr;
  if (w->elements() == 0 || w->shape()[0] % op.group != 0) return nullptr;
  return std::make_shared<Convolution>(op, *w);
}

void run(const ConvLayer& op, const Operands& io) {
  const ConvGeometry g = channels_last_geometry(op, io);
  if (io.out(0).elements() == 0) return;
  const FloatConv given = conv_layer_operands(op, io);
  const auto* packed = io.packed<Convolution>();
  if (packed != nullptr && io.in(0).elements() > 0) {
    if (packed->run(io, g, given.x_channels_first ? with_channels_last(io, g, given) : given)) return;
  }
  Tensor w = io.in(1);
  if (packed != nullptr) {
    float* plain = io.scratch<float>(w.elements());
    packed->unpack(plain);
    w = Tensor::view<float>(w.shape(), plain);
  }
  convolve_channels_last(io, g, given, ChannelsLastFilters(op, w.shape()), w);
}

}  // namespace

void provider_kernels_onednn_conv_layer(ProviderKernels& table) {
  Kernel kernel{"cpu", "onednn"};
  kernel.run = [](const void* op, const Operands& io) { run(*static_cast<const ConvLayer*>(op), io); };
  kernel.prepack = [](const void* op, const ConstantOperands& io) -> std::shared_ptr<const void> {
    return prepack(*static_cast<const ConvLayer*>(op), io);
  };
  kernel.accepts = [](const void* op, std::span<const ValueType>) {
    return accepts(*static_cast<const ConvLayer*>(op));
  };
  table.add("ConvLayer", 1, "mica", kernel);
}

}  // namespace mica
