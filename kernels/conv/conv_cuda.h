// Launchers of CUDA kernels of convolutions.
#pragma once

#include "kernels/conv/window_cuda.h"
#include "kernels/cuda/number.h"
#include "kernels/matmul/epilogue.h"

namespace mica::cuda {

/// A convolution of `batch` images with weights [groups * filters, channels, taps].
struct ConvShape : DeviceWindow {
  int32_t batch = 1, groups = 1;
  int32_t channels = 1, filters = 1;  ///< of a group
  Divisor by_channels, by_filters;    ///< by_filters: those of all groups

  constexpr int32_t all_filters() const { return groups * filters; }
};

/// How the sums over channels and taps are taken.
enum class ConvWay : uint8_t {
  Chunks,  ///< as products of tiles, 16 neighbouring channels of a tap at a time
  Taps,    ///< as products of tiles, all taps of a channel, then those of the next
  Direct,  ///< each output by one thread: groups of few filters
};
constexpr ConvWay conv_way(const ConvShape& shape) {
  constexpr int64_t kChunk = 16;
  if (shape.groups > 1 && shape.filters < kChunk) return ConvWay::Direct;
  const int64_t filled = (shape.channels + kChunk - 1) / kChunk * kChunk;
  return shape.x_channel == 1 && 3 * shape.channels >= 2 * filled ? ConvWay::Chunks : ConvWay::Taps;
}

/// y = f(x * w + bias + addend), of floats. Null pointers: absent. The addend lies as y does, and may be y.
struct ConvCall : ConvShape {
  Number number;
  const void* x;
  const void* w;
  const void* bias;
  const void* addend;
  void* y;
  Epilogue::Activation activation = Epilogue::Activation::None;
  float low = 0, high = 0;  ///< bounds of Clip
};
void launch_conv(const ConvCall& call, void* stream);

/// The gradient with respect to the input of a convolution of this shape, whose output is `call.x` and whose input is
/// `call.y`; weights are [channels of all groups, filters of a group, taps] in the words of `call`, in which x has the
/// channels and y the filters. Strides of x and y are those of their elements: axes[i].x_step steps in y, x_batch and
/// x_channel are those of y, and y_batch, y_channel and y_step those of x.
void launch_conv_transpose(const ConvCall& call, void* stream);

}  // namespace mica::cuda
