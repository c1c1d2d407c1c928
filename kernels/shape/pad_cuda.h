// Launcher of the CUDA kernel of Pad, but for the mode that fills in a constant.
#pragma once

#include "kernels/cuda/walk.h"

namespace mica::cuda {

enum class PadMode : uint8_t { Constant, Reflect, Edge, Wrap };

/// Where, of `count` elements, the one at place i comes from when the places outside [0, count) are filled.
constexpr int64_t mirrored(PadMode mode, int64_t i, int64_t count) {
  if (mode == PadMode::Edge || count == 1) return i < 0 ? 0 : i < count ? i : count - 1;
  const int64_t period = mode == PadMode::Wrap ? count : 2 * (count - 1);
  const int64_t place = (i % period + period) % period;
  return place < count ? place : period - place;
}

/// Elements of `width` bytes, in the order in which they lie in `to`. Axes are counted from the innermost.
struct PadCall {
  static constexpr int kMostAxes = 16;
  struct Axis {
    int64_t extent;           ///< of `to`
    int64_t kept, count, at;  ///< as PadSpan of kernels/shape/pad.h
    int64_t step;             ///< in `from`
  };
  PadMode mode;
  const void* from;
  void* to;
  int64_t width, elements;
  int rank;
  Axis axes[kMostAxes];
};
void launch_pad(const PadCall& call, void* stream);

}  // namespace mica::cuda
