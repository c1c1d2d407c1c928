// Sliding windows over the spatial axes of a tensor [N, C, D1, ..., Dn]: what convolutions and poolings have in common.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "kernels/op.h"

namespace mica {

inline constexpr size_t kMaxSpatial = Shape::kMaxRank - 2;

enum class AutoPad : uint8_t { NotSet, Valid, SameUpper, SameLower };
void assign_attribute(AutoPad& field, const Attribute& value);

/// Attributes of an operator with a window. Empty lists stand for ones (strides, dilations) and zeros (pads).
struct Window {
  AutoPad auto_pad = AutoPad::NotSet;
  std::vector<int64_t> kernel_shape, strides, dilations, pads;
  bool ceil_mode = false;
};

/// The attributes that every windowed operator has had since version 1.
template <class T>
OpBuilder<T> window_attributes(OpBuilder<T> builder) {
  return builder.attribute("auto_pad", &Window::auto_pad)
      .attribute("kernel_shape", &Window::kernel_shape)
      .attribute("strides", &Window::strides)
      .attribute("pads", &Window::pads);
}

/// Throws InvalidModel for attributes that no tensor can fit; for OpBuilder::prepare.
void check_window(Window& window, const NodeFacts& facts);

/// Spatial dims of the output for those of the input and of the kernel:
///   floor((input + pads - ((kernel - 1) * dilation + 1)) / stride) + 1, or ceil(input / stride) for auto_pad SAME_*.
/// With ceil_mode the division rounds up, less a window that would start behind the input and the padding before it.
Dims window_output_dims(const Window& window, const InferContext& ctx, std::span<const Dim> input,
                        std::span<const Dim> kernel);

struct Range {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
};

/// One spatial axis of a window: output position o sees input positions o * stride - pad + k * dilation.
struct WindowAxis {
  int64_t input = 1, output = 1, kernel = 1, stride = 1, dilation = 1;
  int64_t pad = 0, pad_end = 0;

  int64_t start(int64_t o) const { return o * stride - pad; }
  /// Taps that lie inside the input for a window which starts at `start`.
  Range taps(int64_t start) const { return taps_below(start, input); }
  /// Taps that lie inside the input or its padding, which count_include_pad of poolings counts.
  int64_t padded_taps(int64_t start) const { return taps_below(start + pad, input + pad + pad_end).size(); }
  /// Output positions for which tap `k` lies inside the input.
  Range outputs_of(int64_t k) const {
    const int64_t shift = pad - k * dilation;  // input position is o * stride - shift
    const int64_t begin = shift <= 0 ? 0 : (shift + stride - 1) / stride;
    const int64_t last = input - 1 + shift;
    const int64_t end = last < 0 ? 0 : std::min(output, last / stride + 1);
    return begin < end ? Range{begin, end} : Range{};
  }

 private:
  Range taps_below(int64_t start, int64_t limit) const {
    const int64_t first = start < 0 ? (-start + dilation - 1) / dilation : 0;
    const int64_t end = start >= limit ? 0 : std::min(kernel, (limit - start + dilation - 1) / dilation);
    return first < end ? Range{first, end} : Range{};
  }
};

/// A window at concrete dims.
struct WindowGeometry {
  size_t rank = 0;
  std::array<WindowAxis, kMaxSpatial> axes;

  int64_t inputs() const { return product(&WindowAxis::input); }
  int64_t outputs() const { return product(&WindowAxis::output); }
  int64_t taps() const { return product(&WindowAxis::kernel); }
  int64_t product(int64_t WindowAxis::*field) const {
    int64_t result = 1;
    for (size_t i = 0; i < rank; ++i) result *= axes[i].*field;
    return result;
  }
};

/// `input` and `output` are whole shapes [N, C, D1, ...]; `kernel` has the spatial dims only. Throws when ranks differ.
WindowGeometry window_geometry(const Window& window, const Shape& input, std::span<const int64_t> kernel,
                               const Shape& output);

/// Position along each spatial axis, counted up in row-major order.
using SpatialIndex = std::array<int64_t, kMaxSpatial>;

/// Moves to the next of the positions [0, axes[i].*field) of the first `rank` axes; false, and all zero, at the end.
inline bool next_position(SpatialIndex& index, const WindowGeometry& g, size_t rank, int64_t WindowAxis::*field) {
  for (size_t i = rank; i-- > 0;) {
    if (++index[i] < g.axes[i].*field) return true;
    index[i] = 0;
  }
  return false;
}

/// Calls body(tap, offset, count) for each run of taps along the last axis that lies inside the input, for the window
/// of output position `at`: its taps have the numbers tap, tap + 1, ... and their elements in the channel's plane are
/// at offset, offset + axes[rank - 1].dilation, ...
template <class Body>
void for_each_tap_run(const WindowGeometry& g, const SpatialIndex& at, Body&& body) {
  std::array<Range, kMaxSpatial> taps;
  SpatialIndex start{}, k{};
  for (size_t i = 0; i < g.rank; ++i) {
    start[i] = g.axes[i].start(at[i]);
    taps[i] = g.axes[i].taps(start[i]);
    if (taps[i].size() == 0) return;
    k[i] = taps[i].begin;
  }
  const size_t last = g.rank - 1;
  while (true) {
    int64_t tap = 0;
    int64_t offset = 0;
    for (size_t i = 0; i < g.rank; ++i) {
      tap = tap * g.axes[i].kernel + k[i];
      offset = offset * g.axes[i].input + start[i] + k[i] * g.axes[i].dilation;
    }
    body(tap, offset, taps[last].size());
    size_t i = last;
    for (; i-- > 0;) {
      if (++k[i] < taps[i].end) break;
      k[i] = taps[i].begin;
    }
    if (i == static_cast<size_t>(-1)) return;
  }
}

/// Calls body(position, offset, count) for each run of outputs along the last axis for which tap `k` lies inside the
/// input: outputs position, position + 1, ... see the elements offset, offset + axes[rank - 1].stride, ... of a plane.
template <class Body>
void for_each_output_run(const WindowGeometry& g, const SpatialIndex& k, Body&& body) {
  std::array<Range, kMaxSpatial> outputs;
  SpatialIndex shift{}, o{};
  for (size_t i = 0; i < g.rank; ++i) {
    outputs[i] = g.axes[i].outputs_of(k[i]);
    if (outputs[i].size() == 0) return;
    shift[i] = k[i] * g.axes[i].dilation - g.axes[i].pad;
    o[i] = outputs[i].begin;
  }
  const size_t last = g.rank - 1;
  while (true) {
    int64_t position = 0;
    int64_t offset = 0;
    for (size_t i = 0; i < g.rank; ++i) {
      position = position * g.axes[i].output + o[i];
      offset = offset * g.axes[i].input + o[i] * g.axes[i].stride + shift[i];
    }
    body(position, offset, outputs[last].size());
    size_t i = last;
    for (; i-- > 0;) {
      if (++o[i] < outputs[i].end) break;
      o[i] = outputs[i].begin;
    }
    if (i == static_cast<size_t>(-1)) return;
  }
}

}  // namespace mica
