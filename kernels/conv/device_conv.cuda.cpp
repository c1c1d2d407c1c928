#include "kernels/conv/device_conv.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "kernels/brain_constant.h"
#include "kernels/conv/conv_mma_cuda.h"
#include "kernels/conv/conv_operand.h"
#include "kernels/cuda/operand.h"
#include "kernels/matmul/library_product.h"
#include "kernels/matmul/own_product.h"

namespace mica {
namespace {

constexpr int64_t kVector = cuda::kMmaVector;

// Whether each output sees one position: then a convolution is a product of matrices.
bool is_product(const ConvGeometry& g) {
  bool product = g.groups == 1 && g.taps() == 1;
  for (size_t i = 0; i < g.rank; ++i) {
    product = product && g.axes[i].stride == 1 && g.axes[i].pad == 0 && g.axes[i].pad_end == 0;
  }
  return product;
}

// The product that a convolution is, of images with `x`: row is from position to position, column from channel to
// channel, and of `depth` channels, which weights have side by side.
std::optional<cuda::GemmCall> product_of(const DeviceConv& conv, const cuda::GemmOperand& x, int64_t depth) {
  const ConvGeometry& g = conv.g;
  const cuda::ConvCall& call = conv.call;
  cuda::GemmCall product{};
  product.number = call.number;
  product.k = depth;
  product.c = call.y;
  product.activation = call.activation;
  product.low = call.low;
  product.high = call.high;
  const int64_t positions = g.outputs(), filters = g.filters;
  if (conv.y_last) {
    if (x.column != 1) return std::nullopt;
    product.m = g.batch * positions;
    product.n = product.c_row = filters;
    product.a = x;
    product.b = {call.w, 1, depth};
    product.addends[0] = {{call.bias, 0, 1}, 1};
    product.addends[1] = {{call.addend, filters, 1}, 1};
    return product;
  }
  if (call.addend != nullptr && g.batch != 1) return std::nullopt;
  product.m = filters;
  product.n = product.c_row = positions;
  product.a = {call.w, depth, 1};
  product.b = {x.data, x.column, x.row};
  product.batch.add(g.batch, {{0, positions * depth, positions * filters}});
  product.addends[0] = {{call.bias, 1, 0}, 1};
  product.addends[1] = {{call.addend, positions, 1}, 1};
  return product;
}

// Images with channels last, of type `to`, in whole vectors.
const void* images(const DeviceConv& conv, cuda::Number to, const DeviceOperands& io) {
  const ConvGeometry& g = conv.g;
  const int64_t channels = cuda::whole_vectors(g.channels, kVector);
  const bool there = conv.x_last && conv.call.number == to && channels == g.channels &&
                     reinterpret_cast<uintptr_t>(conv.call.x) % cuda::kMmaVectorBytes == 0;
  if (there) return conv.call.x;
  const int64_t elements = g.batch * g.inputs() * g.groups * channels;
  void* made =
      to == cuda::Number::F32 ? static_cast<void*>(io.scratch<float>(elements)) : io.scratch<uint16_t>(elements);
  const cuda::ImagesCall call{images_shape(g, conv.x_last), conv.call.number, to, conv.call.x, made};
  launch_images(call, io.stream());
  return made;
}

}  // namespace

std::string explain_plain_conv(const cuda::ConvShape& shape) {
  switch (conv_way(shape)) {
    case cuda::ConvWay::Chunks:
      return "simt tiles, by 16 channels";
    case cuda::ConvWay::Taps:
      return "simt tiles, by taps";
    default:
      return "simt, output by output";
  }
}

void convolve_plainly(const DeviceConv& conv, const DeviceOperands& io) {
  const ConvGeometry& g = conv.g;
  if (conv.call.number == cuda::Number::F32 && is_product(g)) {
    const cuda::GemmOperand x =
        conv.x_last ? cuda::GemmOperand{conv.call.x, g.channels, 1} : cuda::GemmOperand{conv.call.x, 1, g.inputs()};
    if (const auto product = product_of(conv, x, g.channels)) return multiply_by_library(*product, io);
  }
  if (io.explains()) return io.explain(explain_plain_conv(conv.call));
  launch_conv(conv.call, io.stream());
}

void convolve_on_tensor_cores(const DeviceConv& conv, const DeviceOperands& io) {
  const ConvGeometry& g = conv.g;
  const cuda::Number operands = number_of(io.in(1).dtype());
  const int64_t channels = cuda::whole_vectors(g.channels, kVector);
  const void* x = io.explains() ? conv.call.x : images(conv, operands, io);
  if (is_product(g)) {
    if (const auto product = product_of(conv, {x, channels, 1}, channels)) {
      if (operands == cuda::Number::F32) return multiply_in_tf32(*product, io);
      return multiply_as(*product, {operands}, io, cuda::ProductWay::Warpgroups);
    }
  }
  const int64_t pixels = g.batch * g.outputs(), depth = channels * g.taps();
  const cuda::MmaCut cut = cuda::conv_mma_cut(pixels, g.filters, depth, g.groups, cuda::kMmaDepth);
  if (io.explains()) return io.explain("mma " + str(cut));
  cuda::ConvCall call = conv.call;
  set_images(call, g, channels, conv.y_last);
  call.x = x;
  const int64_t workspace = cuda::conv_workspace(cut, pixels, g.filters);
  float* parts = workspace > 0 ? io.scratch<float>(workspace) : nullptr;
  if (operands == cuda::Number::F32) return launch_conv_tf32(call, cut, parts, io.stream());
  launch_conv_mma(call, operands, cut, parts, io.stream());
}

Tensor filters_by_taps(const Tensor& weights) {
  const Shape& shape = weights.shape();
  const int64_t filters = shape[0], channels = shape[1];
  const int64_t taps = filters * channels == 0 ? 1 : weights.elements() / (filters * channels);
  const int64_t bytes = static_cast<int64_t>(byte_size(weights.dtype(), 1).value());
  const int64_t filled = cuda::whole_vectors(channels, std::max(kVector, cuda::kMmaVectorBytes / bytes));
  Tensor made(weights.dtype(), {filters, taps, filled});
  std::byte* to = static_cast<std::byte*>(made.mutable_raw());
  const std::byte* from = static_cast<const std::byte*>(weights.raw());
  std::memset(to, 0, made.bytes());
  for (int64_t filter = 0; filter < filters; ++filter) {
    for (int64_t channel = 0; channel < channels; ++channel) {
      for (int64_t tap = 0; tap < taps; ++tap, from += bytes) {
        std::memcpy(to + ((filter * taps + tap) * filled + channel) * bytes, from, static_cast<size_t>(bytes));
      }
    }
  }
  return made;
}

Tensor filters_in_brain(const Tensor& weights) {
  return filters_by_taps(brain_constant(weights));
}

DeviceKernel::Accepts takes_tiles(DTypeSet types, size_t weights) {
  return
      [windows = takes_windows(types), weights](const void* params, std::span<const ValueType> inputs) -> std::string {
        if (std::string why = windows(params, inputs); !why.empty()) return why;
        constexpr int64_t kFewest = 16;
        const auto w = inputs[weights].dims ? to_shape(*inputs[weights].dims) : std::nullopt;
        if (!w || w->rank() < 3) return "the dims of W are not known";
        const int64_t groups = static_cast<const ConvParams*>(params)->group;
        if (groups > 1 && (*w)[0] / groups < kFewest) return "groups of few filters";
        return "";
      };
}

}  // namespace mica
