// Softmax of single rows: the plain loops, for double and as the yardstick of the vector loops.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace mica {

/// y = exp(x - max x) / sum(exp(x - max x)), over `width` elements that are `stride` apart. y may be x.
template <class T>
void softmax_row(const T* x, T* y, int64_t width, int64_t stride = 1) {
  T highest = -std::numeric_limits<T>::infinity();
  for (int64_t i = 0; i < width; ++i) highest = std::max(highest, x[i * stride]);
  T sum = 0;
  for (int64_t i = 0; i < width; ++i) {
    const T e = std::exp(x[i * stride] - highest);
    y[i * stride] = e;
    sum += e;
  }
  const T factor = 1 / sum;
  for (int64_t i = 0; i < width; ++i) y[i * stride] *= factor;
}

/// y = x - max x - log(sum(exp(x - max x))).
template <class T>
void log_softmax_row(const T* x, T* y, int64_t width, int64_t stride = 1) {
  T highest = -std::numeric_limits<T>::infinity();
  for (int64_t i = 0; i < width; ++i) highest = std::max(highest, x[i * stride]);
  T sum = 0;
  for (int64_t i = 0; i < width; ++i) sum += std::exp(x[i * stride] - highest);
  const T shift = std::log(sum);
  for (int64_t i = 0; i < width; ++i) y[i * stride] = x[i * stride] - highest - shift;
}

}  // namespace mica
