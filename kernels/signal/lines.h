// Signals along an axis of a tensor, on the way to a transform (fft.h) and back. T is float or double.
#pragma once

#include <cstdint>

#include "kernels/signal/fft.h"

namespace mica {

/// A signal: `count` numbers of `parts` parts, which are `stride` elements apart.
struct Line {
  int64_t count, parts, stride;
};

/// Puts a signal where the transform takes it, filled up with zeros to n: `real` ones as n reals. With `half` it is one
/// half of the bins of a real signal, whose other half follows from it.
template <class T>
void gather_line(const Line& line, const T* x, int64_t n, bool real, bool half, Complex<T>* room);

/// Puts `line.count` bins where they belong; beyond n / 2 a real signal's are the conjugates of those before.
template <class T>
void scatter_line(const Line& line, const Complex<T>* room, int64_t n, bool real, T factor, T* y);

/// A frame of n numbers of `parts` parts each, times a window (if not null) of `open` elements and then zeros.
template <class T>
void window_frame(const T* x, const T* window, int64_t open, int64_t n, int64_t parts, T* y);

}  // namespace mica
