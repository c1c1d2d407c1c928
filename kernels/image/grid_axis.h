// Where GridSample finds the elements that a place along one axis is interpolated from. The functions run in kernels
// too (nvcc --expt-relaxed-constexpr), so they use the compiler's own functions instead of <cmath>.
#pragma once

#include <stdint.h>

namespace mica {

/// How places along the axes of a grid are understood.
struct GridForm {
  int taps = 2;  ///< along each axis: 1 nearest, 2 linear, 4 cubic
  bool border = false, reflection = false;
  bool align_corners = false;
};

template <class A>
constexpr A floor_of(A x) {
  return static_cast<A>(__builtin_floor(static_cast<double>(x)));
}

/// To the nearest whole number, of two the even one.
template <class A>
constexpr A nearest_of(A x) {
  const A low = floor_of(x), part = x - low;
  const bool odd = low != 2 * floor_of(low / 2);
  return part > A(0.5) || (part == A(0.5) && odd) ? low + 1 : low;
}

/// Mirrors x at the ends of [low, high] until it is inside.
template <class A>
constexpr A reflect(A x, A low, A high) {
  const A span = high - low;
  if (!(span > 0)) return low;
  const A distance = x < low ? low - x : x - high;
  if (distance <= 0) return x;
  const A times = floor_of(distance / span);
  const A past = distance - times * span, rest = past < 0 ? A(0) : past;
  const bool even = times == 2 * floor_of(times / 2);
  return (x < low) == even ? low + rest : high - rest;
}

/// The elements along one axis that a place is interpolated from; index -1 stands for a zero.
template <class A>
struct AxisTaps {
  int64_t index[4] = {};
  A weight[4] = {};
};

/// Of the element `tap` - 1 from the one below a place, which lies `part` behind that.
template <class A>
constexpr A cubic_weight(int tap, A part) {
  constexpr A a = A(-0.75);
  const A x = tap == 0 ? part + 1 : tap == 1 ? part : tap == 2 ? 1 - part : 2 - part;
  if (tap == 0 || tap == 3) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return ((a + 2) * x - (a + 3)) * x * x + 1;
}

/// `normal` is in [-1, 1] within the axis.
template <class A>
constexpr AxisTaps<A> axis_taps(const GridForm& form, A normal, int64_t length) {
  const A size = static_cast<A>(length);
  const A low = form.align_corners ? A(0) : A(-0.5);
  const A high = form.align_corners ? size - 1 : size - A(0.5);
  A place = form.align_corners ? (normal + 1) / 2 * (size - 1) : ((normal + 1) * size - 1) / 2;
  constexpr A kFar = A(1e9);
  place = place > -kFar ? (place < kFar ? place : kFar) : -kFar;  // not a number is far outside
  if (form.taps == 1) place = nearest_of(place);
  if (place < low || place > high) {
    if (form.border) place = place < 0 ? A(0) : size - 1;
    if (form.reflection) place = reflect(place, low, high);
  }
  const A base = floor_of(place), part = place - base;
  AxisTaps<A> result;
  for (int i = 0; i < form.taps; ++i) {
    result.weight[i] = form.taps == 1 ? A(1) : form.taps == 2 ? (i == 0 ? 1 - part : part) : cubic_weight(i, part);
    int64_t at = static_cast<int64_t>(base) + i - (form.taps == 4 ? 1 : 0);
    if (form.reflection) at = static_cast<int64_t>(reflect(static_cast<A>(at), low, high));
    if (form.border || form.reflection) at = at < 0 ? 0 : at >= length ? length - 1 : at;
    result.index[i] = at < 0 || at >= length ? -1 : at;
  }
  return result;
}

}  // namespace mica
