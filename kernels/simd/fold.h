// Sums over arrays and loops from one array to another, for *.simd.cpp files.
#pragma once

#include "kernels/simd/vec.h"

namespace mica::MICA_ISA {

/// Elements that are added up in float lanes before the lanes are added to a double: what bounds the error of long
/// sums.
inline constexpr int64_t kSumBlock = 2048;

/// Of the elements i to n those that make a vector: all kLanes of them or fewer.
MICA_INLINE int lanes_from(int64_t i, int64_t n) {
  return kLanes == 1 || n - i >= kLanes ? kLanes : static_cast<int>(n - i);
}

/// v, with those of `otherwise` in the lanes from `count` on.
MICA_INLINE Vec keep(Vec v, Vec /*otherwise*/) {
  return v;
}
MICA_INLINE Vec keep(Vec v, Vec otherwise, int count) {
  alignas(64) static constexpr float lane[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  static_assert(kLanes <= 16);
  return select(load(lane) < splat(static_cast<float>(count)), v, otherwise);
}

/// Adds N sums over n elements to `totals`. `add(sums, i)` adds kLanes elements from i on to the lanes of `sums`,
/// `add(sums, i, count)` the first `count` of these. kLong: `add` is long enough not to be written down twice for what
/// the chains leave.
template <bool kLong = false, int N, class Add>
MICA_INLINE void sum_blocks(int64_t n, double (&totals)[N], Add add) {
  constexpr int kChains = 4;
  constexpr int64_t kStep = kChains * kLanes;
  int64_t i = 0;
  while (n - i >= kStep) {
    const int64_t end = i + (n - i < kSumBlock ? n - i : kSumBlock) / kStep * kStep;
    Vec sums[kChains][N];
#pragma GCC unroll kUnrolled
    for (int c = 0; c < kChains; ++c) {
#pragma GCC unroll kUnrolled
      for (int k = 0; k < N; ++k) sums[c][k] = zero();
    }
    for (; i < end; i += kStep) {
#pragma GCC unroll kUnrolled
      for (int c = 0; c < kChains; ++c) add(sums[c], i + c * kLanes);
    }
#pragma GCC unroll kUnrolled
    for (int k = 0; k < N; ++k) {
      totals[k] += static_cast<double>(sum((sums[0][k] + sums[1][k]) + (sums[2][k] + sums[3][k])));
    }
  }
  if (i == n) return;
  Vec sums[N];
#pragma GCC unroll kUnrolled
  for (int k = 0; k < N; ++k) sums[k] = zero();
  if constexpr (!kLong && kLanes > 1) {
    for (; i + kLanes <= n; i += kLanes) add(sums, i);
  }
  for (; i < n; i += kLanes) add(sums, i, lanes_from(i, n));
#pragma GCC unroll kUnrolled
  for (int k = 0; k < N; ++k) totals[k] += static_cast<double>(sum(sums[k]));
}

/// The largest element, -infinity of none; a NaN is no element.
template <class S>
MICA_INLINE float highest_of(const typename S::Type* x, int64_t n) {
  constexpr int kChains = 4;
  const Vec least = splat(-__builtin_inff());
  Vec best[kChains] = {least, least, least, least};
  int64_t i = 0;
  for (; i + kChains * kLanes <= n; i += kChains * kLanes) {
#pragma GCC unroll kUnrolled
    for (int c = 0; c < kChains; ++c) best[c] = max(S::load(x + i + c * kLanes), best[c]);
  }
  for (; i < n; i += kLanes) {
    const int count = lanes_from(i, n);
    best[0] = max(keep(S::load(x + i, count), least, count), best[0]);
  }
  return highest(max(max(best[0], best[1]), max(best[2], best[3])));
}

/// y[i] = f(x[i]) for i < n, where f(v, i) computes kLanes elements from i on, f(v, i, count) the last `count`. S and D
/// are the storage types of x and y, which may be the same array.
template <class S, class D, class F>
MICA_INLINE void map(const typename S::Type* x, typename D::Type* y, int64_t n, F f) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) D::store(y + i, f(S::load(x + i), i));
  if (const int rest = static_cast<int>(n - i); rest > 0) D::store(y + i, f(S::load(x + i, rest), i, rest), rest);
}

/// The same for functions that are long enough not to be written down twice: f(v, i, count) computes `count` elements,
/// of which there may be kLanes.
template <class S, class D, class F>
MICA_INLINE void map_long(const typename S::Type* x, typename D::Type* y, int64_t n, F f) {
  for (int64_t i = 0; i < n; i += kLanes) {
    const int count = lanes_from(i, n);
    D::store(y + i, f(S::load(x + i, count), i, count), count);
  }
}

/// Cuts `columns` neighbours into pieces: f.template operator()<N>(first) for N vectors from `first` on, and
/// f.template operator()<1>(first, count) for `count` lanes. kLong: f is long enough not to be written down for one
/// whole vector too.
template <bool kLong = false, class F>
MICA_INLINE void for_each_columns(int64_t columns, F f) {
  int64_t j = 0;
  if constexpr (kLanes > 1) {
    for (; j + 4 * kLanes <= columns; j += 4 * kLanes) f.template operator()<4>(j);
  }
  if constexpr (!kLong && kLanes > 1) {
    for (; j + kLanes <= columns; j += kLanes) f.template operator()<1>(j);
  }
  for (; j < columns; j += kLanes) f.template operator()<1>(j, lanes_from(j, columns));
}

}  // namespace mica::MICA_ISA
