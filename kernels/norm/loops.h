// Loops of normalisation for any float type: vector loops, and for double the plain ones, which are also the yardstick
// of the others.
#pragma once

#include <cmath>

#include "kernels/norm/norm_simd.h"
#include "kernels/simd/storage.h"
#include "kernels/wide.h"

namespace mica {

namespace plain_norm {

/// Mean and variance of n elements, in two passes.
template <class T, class W>
NormMoments<W> moments(const T* x, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]);
  const double mean = sum / static_cast<double>(n);
  double squares = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double d = static_cast<double>(x[i]) - mean;
    squares += d * d;
  }
  return {static_cast<W>(mean), static_cast<W>(squares / static_cast<double>(n))};
}

template <class W>
W mean_square(const W* x, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return static_cast<W>(sum / static_cast<double>(n));
}

template <class T, class W>
void rows(const NormRows<T, W>& rows, int64_t begin, int64_t end, W* sums) {
  for (int64_t row = begin; row < end; ++row) {
    const int64_t first = row * rows.width;
    const T* skip = rows.skip != nullptr ? rows.skip + row % rows.skip_rows * rows.width : nullptr;
    for (int64_t i = 0; i < rows.width; ++i) {
      sums[i] = static_cast<W>(rows.x[first + i]) + (skip != nullptr ? static_cast<W>(skip[i]) : W{0}) +
                (rows.skip_bias != nullptr ? rows.skip_bias[i] : W{0});
      if (rows.sum != nullptr) rows.sum[first + i] = static_cast<T>(sums[i]);
    }
    const NormMoments<W> m =
        rows.rms ? NormMoments<W>{0, mean_square(sums, rows.width)} : moments<W, W>(sums, rows.width);
    const W inverse = 1 / std::sqrt(m.variance + static_cast<W>(rows.epsilon));
    if (rows.mean != nullptr) rows.mean[row] = m.mean;
    if (rows.inverse_deviation != nullptr) rows.inverse_deviation[row] = inverse;
    for (int64_t i = 0; i < rows.width; ++i) {
      W y = (sums[i] - m.mean) * inverse;
      if (rows.scale != nullptr) y *= rows.scale[row * rows.scale_row + i];
      if (rows.bias != nullptr) y += rows.bias[row * rows.bias_row + i];
      rows.y[first + i] = static_cast<T>(y);
    }
  }
}

template <class T, class W>
void affine(const T* x, T* y, int64_t n, W mean, W factor, W shift) {
  for (int64_t i = 0; i < n; ++i) y[i] = static_cast<T>((static_cast<W>(x[i]) - mean) * factor + shift);
}

template <class T, class W>
void affine_each(const T* x, T* y, int64_t n, const W* mean, const W* factor, const W* shift) {
  for (int64_t i = 0; i < n; ++i) affine(x + i, y + i, 1, mean[i], factor[i], shift[i]);
}

}  // namespace plain_norm

/// The loops for elements of type T, passed as `stored` has them.
template <class T>
const NormLoops<Stored<T>, Wide<T>>& norm_loops() {
  if constexpr (std::is_same_v<T, double>) {
    using namespace plain_norm;
    static constexpr NormLoops<double, double> kPlain{rows<double, double>, moments<double, double>,
                                                      affine<double, double>, affine_each<double, double>};
    return kPlain;
  } else {
    return loops_of<T>(norm_kernels());
  }
}

}  // namespace mica
