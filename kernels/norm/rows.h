// Normalisation of single rows: the plain loops.
#pragma once

#include <cmath>
#include <cstdint>

namespace mica {

template <class T>
struct Moments {
  T mean;
  T variance;  ///< of the whole population
};

/// Mean and variance of `count` elements, in two passes.
template <class T>
Moments<T> moments(const T* x, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += static_cast<double>(x[i]);
  const double mean = sum / static_cast<double>(count);
  double squares = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double d = static_cast<double>(x[i]) - mean;
    squares += d * d;
  }
  return {static_cast<T>(mean), static_cast<T>(squares / static_cast<double>(count))};
}

/// mean(x^2)
template <class T>
T mean_square(const T* x, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return static_cast<T>(sum / static_cast<double>(count));
}

/// y = x * a + b
template <class T>
void affine(const T* x, T* y, int64_t count, T a, T b) {
  for (int64_t i = 0; i < count; ++i) y[i] = x[i] * a + b;
}

}  // namespace mica
