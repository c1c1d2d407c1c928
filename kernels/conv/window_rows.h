// Windows as a matrix: what each tap of each channel sees at a run of output positions.
#pragma once

#include <algorithm>

#include "kernels/conv/window.h"

namespace mica {

/// What one tap sees at `count` output positions that lie side by side along the last axis: elements of the input at
/// those from `begin` to `end`, padding at the others.
struct WindowRow {
  int64_t tap;
  int64_t first, count;  ///< positions, counted from the first of those asked for
  int64_t begin, end;    ///< among the `count`
  int64_t from;  ///< in a channel's plane, of the element at `begin`; the next are `axes[rank - 1].stride` apart
};

/// Calls body(WindowRow) for all taps at the output positions from `position` on.
template <class Body>
void for_each_window_row(const WindowGeometry& g, int64_t position, int64_t count, Body&& body) {
  const size_t last = g.rank - 1;
  const WindowAxis& axis = g.axes[last];
  for (int64_t done = 0; done < count;) {
    SpatialIndex at{};
    int64_t rest = position + done;
    for (size_t i = g.rank; i-- > 0;) {
      at[i] = rest % g.axes[i].output;
      rest /= g.axes[i].output;
    }
    const int64_t run = std::min(count - done, axis.output - at[last]);
    SpatialIndex k{};
    int64_t tap = 0;
    do {
      int64_t row = 0;  // of the image
      bool inside = true;
      for (size_t i = 0; i < last; ++i) {
        const int64_t place = g.axes[i].start(at[i]) + k[i] * g.axes[i].dilation;
        inside = inside && place >= 0 && place < g.axes[i].input;
        row = row * g.axes[i].input + place;
      }
      const Range seen = axis.outputs_of(k[last]);
      const int64_t begin = inside ? std::clamp(seen.begin - at[last], int64_t{0}, run) : run;
      const int64_t end = inside ? std::clamp(seen.end - at[last], begin, run) : run;
      const int64_t from = row * axis.input + axis.start(at[last] + begin) + k[last] * axis.dilation;
      body(WindowRow{tap, done, run, begin, end, from});
      ++tap;
    } while (next_position(k, g, g.rank, &WindowAxis::kernel));
    done += run;
  }
}

/// Whether the windows are the image itself: one tap, and each position once.
inline bool is_pointwise(const WindowGeometry& g) {
  bool pointwise = true;
  for (size_t i = 0; i < g.rank; ++i) {
    const WindowAxis& axis = g.axes[i];
    pointwise = pointwise && axis.kernel == 1 && axis.stride == 1 && axis.pad == 0 && axis.input == axis.output;
  }
  return pointwise;
}

}  // namespace mica
