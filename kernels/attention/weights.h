// Scores turned into weights of keys: the plain loops for double, vector loops for float.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/attention/weigh_simd.h"

namespace mica {

/// What makes probabilities of weights that are complete: 0 where no key is seen.
template <class T>
T factor_of(const WeighedRow<T>& row) {
  return row.sum == 0 ? T{0} : 1 / row.sum;
}

/// See WeighKernels::weigh.
inline void weigh_rows(float* x, int64_t stride, int64_t count, WeighedRow<float>* rows, int64_t n) {
  weigh_kernels().weigh(x, stride, count, rows, n);
}

inline void weigh_rows(double* x, int64_t stride, int64_t count, WeighedRow<double>* rows, int64_t n) {
  constexpr double kNothing = -std::numeric_limits<double>::infinity();
  for (int64_t i = 0; i < n; ++i, x += stride) {
    WeighedRow<double>& row = rows[i];
    std::fill(x, x + row.first, 0);
    std::fill(x + row.last, x + count, 0);
    const double before = row.highest;
    for (int64_t j = row.first; j < row.last; ++j) row.highest = std::max(row.highest, x[j]);
    const double shift = row.highest == kNothing ? 0 : row.highest;
    row.rescale = std::exp(before - shift);
    row.sum *= row.rescale;
    for (int64_t j = row.first; j < row.last; ++j) row.sum += x[j] = std::exp(x[j] - shift);
  }
}

/// x = cap * tanh(x / cap)
inline void soft_cap(float* x, int64_t count, float cap) {
  weigh_kernels().softcap(x, count, cap);
}

inline void soft_cap(double* x, int64_t count, double cap) {
  for (int64_t j = 0; j < count; ++j) x[j] = cap * std::tanh(x[j] / cap);
}

/// x = -infinity where `shown` is false.
inline void hide(const bool* shown, float* x, int64_t count) {
  weigh_kernels().hide(reinterpret_cast<const uint8_t*>(shown), x, count);
}

inline void hide(const bool* shown, double* x, int64_t count) {
  for (int64_t j = 0; j < count; ++j) x[j] = shown[j] ? x[j] : -std::numeric_limits<double>::infinity();
}

/// y = factor * x; y may be x.
inline void scale_row(const float* x, float* y, int64_t count, float factor) {
  weigh_kernels().scale(x, y, count, factor);
}

inline void scale_row(const double* x, double* y, int64_t count, double factor) {
  for (int64_t j = 0; j < count; ++j) y[j] = factor * x[j];
}

}  // namespace mica
