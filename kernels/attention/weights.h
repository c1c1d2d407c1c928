// Scores of one query turned into weights of its keys: the plain loops for double, vector loops for float.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/attention/weigh_simd.h"

namespace mica {

/// x = exp(x - highest), for what is the largest of all x and `sink`. Returns what these are to be multiplied by to
/// sum, with exp(sink - highest), to 1; 0 where all are -infinity.
inline float exponentials(float* x, int64_t count, float sink) {
  const float sum = weigh_kernels().exponentials(x, count, sink);
  return sum == 0 ? 0.0f : 1 / sum;
}

inline double exponentials(double* x, int64_t count, double sink) {
  double highest = sink;
  for (int64_t j = 0; j < count; ++j) highest = std::max(highest, x[j]);
  if (highest == -std::numeric_limits<double>::infinity()) highest = 0;
  double sum = std::exp(sink - highest);
  for (int64_t j = 0; j < count; ++j) {
    x[j] = std::exp(x[j] - highest);
    sum += x[j];
  }
  return sum == 0 ? 0.0 : 1 / sum;
}

/// x = cap * tanh(x / cap)
inline void soft_cap(float* x, int64_t count, float cap) {
  weigh_kernels().softcap(x, count, cap);
}

inline void soft_cap(double* x, int64_t count, double cap) {
  for (int64_t j = 0; j < count; ++j) x[j] = cap * std::tanh(x[j] / cap);
}

/// y = factor * x; y may be x.
inline void scale_row(const float* x, float* y, int64_t count, float factor) {
  weigh_kernels().scale(x, y, count, factor);
}

inline void scale_row(const double* x, double* y, int64_t count, double factor) {
  for (int64_t j = 0; j < count; ++j) y[j] = factor * x[j];
}

}  // namespace mica
