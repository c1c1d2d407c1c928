// Sliding windows as CUDA kernels see them: up to three spatial axes, of tensors whose channels lie before or behind
// these. The functions run in kernels and, in tests, on the CPU.
#pragma once

#include "kernels/cuda/walk.h"

namespace mica::cuda {

/// Output position o sees input positions o * stride - pad + k * dilation.
struct DeviceAxis {
  int32_t input = 1, output = 1, kernel = 1, stride = 1, dilation = 1, pad = 0, pad_end = 0;
  int64_t x_step = 0;  ///< between elements of the input
  Divisor outputs, kernels;

  /// Whether a position lies inside the input.
  constexpr bool holds(int32_t position) const {
    return static_cast<uint32_t>(position) < static_cast<uint32_t>(input);
  }
};

/// How many taps of a window that begins at `start` lie inside the input, or with `padding` inside its padding.
constexpr int32_t counted_taps(const DeviceAxis& axis, int32_t start, bool padding) {
  int32_t count = 0;
  for (int32_t k = 0; k < axis.kernel; ++k) {
    const int32_t position = start + k * axis.dilation;
    count += padding ? position >= -axis.pad && position < axis.input + axis.pad_end : axis.holds(position);
  }
  return count;
}

/// Element (image, channel, position) of x is at image * x_batch + channel * x_channel + the axes' steps; of y at
/// image * y_batch + channel * y_channel + position * y_step, positions being counted in row-major order.
struct DeviceWindow {
  static constexpr int kAxes = 3;

  int rank = 1;            ///< axes before the last `rank` ones have one element
  DeviceAxis axes[kAxes];  ///< outermost first
  int32_t outputs = 1, taps = 1;
  Divisor by_outputs, by_taps;
  int64_t x_batch = 0, x_channel = 0, y_batch = 0, y_channel = 0, y_step = 1;

  struct Place {
    int32_t of[kAxes];
  };

  /// Along each axis, where the window of an output position begins.
  constexpr Place window_at(uint32_t position) const {
    Place start{};
    for (int i = kAxes - 1; i >= 0; --i) {
      if (i < kAxes - rank) continue;
      const uint32_t rest = i > 0 ? axes[i].outputs.divide(position) : 0;
      const int32_t o = static_cast<int32_t>(position - rest * static_cast<uint32_t>(axes[i].output));
      start.of[i] = o * axes[i].stride - axes[i].pad;
      position = rest;
    }
    return start;
  }
  /// Along each axis, how far a tap is from where its window begins.
  constexpr Place tap_at(uint32_t tap) const {
    Place distance{};
    for (int i = kAxes - 1; i >= 0; --i) {
      if (i < kAxes - rank) continue;
      const uint32_t rest = i > 0 ? axes[i].kernels.divide(tap) : 0;
      distance.of[i] = static_cast<int32_t>(tap - rest * static_cast<uint32_t>(axes[i].kernel)) * axes[i].dilation;
      tap = rest;
    }
    return distance;
  }
  constexpr int64_t offset(const Place& place) const {
    return place.of[0] * axes[0].x_step + place.of[1] * axes[1].x_step + place.of[2] * axes[2].x_step;
  }
  constexpr bool holds(const Place& start, const Place& distance) const {
    return axes[0].holds(start.of[0] + distance.of[0]) && axes[1].holds(start.of[1] + distance.of[1]) &&
           axes[2].holds(start.of[2] + distance.of[2]);
  }
};

/// How many elements an average over the window that begins at `start` is of, at least 1.
constexpr int32_t averaged_elements(const DeviceWindow& window, const DeviceWindow::Place& start, bool padding) {
  int32_t count = 1;
  for (int axis = 0; axis < DeviceWindow::kAxes; ++axis) {
    count *= counted_taps(window.axes[axis], start.of[axis], padding);
  }
  return count > 1 ? count : 1;
}

/// An output of a pooling, of which each channel of the input makes a channel.
struct PooledElement {
  int64_t image, channel, position;
};
/// Number `i` in the order in which the outputs lie.
constexpr PooledElement pooled_element(const DeviceWindow& window, int64_t channels, int64_t i) {
  const bool last = window.y_channel == 1;
  const int64_t inner = last ? channels : window.outputs, middle = last ? window.outputs : channels;
  const int64_t outer = i / inner, image = outer / middle;
  return last ? PooledElement{image, i - outer * inner, outer - image * middle}
              : PooledElement{image, outer - image * middle, i - outer * inner};
}

}  // namespace mica::cuda
