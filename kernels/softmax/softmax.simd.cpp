#include "kernels/simd/fold.h"
#include "kernels/simd/math.h"
#include "kernels/softmax/softmax_simd.h"

namespace mica::MICA_ISA {
namespace {

/// e^(x - shift), for a shift no less than x.
MICA_INLINE Vec exponential(Vec x, Vec shift) {
  return exp_within(max(splat(-104.0f), x - shift));
}

[[gnu::noinline]] Vec logarithm(Vec x) {
  return log(x);
}

/// Whether the exponentials are kept in y while they are summed: where y is narrower than float, what is summed is not
/// what would be stored, and they are computed again.
template <class S>
constexpr bool kKeeps = sizeof(typename S::Type) == sizeof(float);

/// The sum of exp(x - shift) over contiguous elements. `keep_in(i, e, count...)` is shown the exponentials.
template <class S, class Keep>
MICA_INLINE double sum_exponentials(const typename S::Type* x, int64_t n, Vec shift, Keep keep_in) {
  double total[1] = {};
  sum_blocks<true>(n, total, [=](Vec(&sums)[1], int64_t i, auto... count) {
    const Vec e = exponential(S::load(x + i, count...), shift);
    keep_in(i, e, count...);
    sums[0] = sums[0] + keep(e, zero(), count...);
  });
  return total[0];
}

/// What a row of contiguous elements needs to know.
struct Row {
  float shift;
  double sum;
};

template <class S>
[[gnu::noinline]] Row scan_row(const typename S::Type* x, int64_t n) {
  const float shift = highest_of<S>(x, n);
  return {shift, sum_exponentials<S>(x, n, splat(shift), [](int64_t, Vec, auto...) {})};
}

template <class S>
MICA_INLINE void softmax_row(const typename S::Type* x, typename S::Type* y, int64_t n) {
  if constexpr (kKeeps<S>) {
    const Vec shift = splat(highest_of<S>(x, n));
    const double sum =
        sum_exponentials<S>(x, n, shift, [=](int64_t i, Vec e, auto... count) { S::store(y + i, e, count...); });
    const Vec factor = splat(static_cast<float>(1 / sum));
    map<S, S>(y, y, n, [=](Vec e, int64_t, auto...) { return e * factor; });
  } else {
    const Row row = scan_row<S>(x, n);
    const Vec shift = splat(row.shift), factor = splat(static_cast<float>(1 / row.sum));
    map_long<S, S>(x, y, n, [=](Vec v, int64_t, int) { return exponential(v, shift) * factor; });
  }
}

template <class S>
MICA_INLINE void log_softmax_row(const typename S::Type* x, typename S::Type* y, int64_t n) {
  const Row row = scan_row<S>(x, n);
  float log_of_sum;
  store(&log_of_sum, logarithm(splat(static_cast<float>(row.sum))), 1);
  const Vec shift = splat(row.shift), log_sum = splat(log_of_sum);
  map<S, S>(x, y, n, [=](Vec v, int64_t, auto...) { return v - shift - log_sum; });
}

/// What softmax needs to know of columns: kWidth vectors of neighbours, or the first `count` lanes of one.
template <int kWidth>
struct Columns {
  Vec shift[kWidth], sum[kWidth];
};

template <class S, int kWidth, class Keep, class... Count>
MICA_INLINE Columns<kWidth> scan_columns(const typename S::Type* x, int64_t n, int64_t stride, Keep keep_in,
                                         Count... count) {
  Columns<kWidth> c;
#pragma GCC unroll kUnrolled
  for (int k = 0; k < kWidth; ++k) c.shift[k] = splat(-__builtin_inff());
  for (int64_t i = 0; i < n; ++i) {
#pragma GCC unroll kUnrolled
    for (int k = 0; k < kWidth; ++k) {
      c.shift[k] = max(S::load(x + i * stride + k * kLanes, count...), c.shift[k]);
    }
  }
#pragma GCC unroll kUnrolled
  for (int k = 0; k < kWidth; ++k) c.sum[k] = zero();
  for (int64_t i = 0; i < n; ++i) {
#pragma GCC unroll kUnrolled
    for (int k = 0; k < kWidth; ++k) {
      const int64_t at = i * stride + k * kLanes;
      const Vec e = exponential(S::load(x + at, count...), c.shift[k]);
      keep_in(at, e);
      c.sum[k] = c.sum[k] + e;
    }
  }
  return c;
}

/// As scan_columns, where nothing is kept.
template <class S, int kWidth, class... Count>
[[gnu::noinline]] Columns<kWidth> scan_only(const typename S::Type* x, int64_t n, int64_t stride, Count... count) {
  return scan_columns<S, kWidth>(
      x, n, stride, [](int64_t, Vec) {}, count...);
}

template <class S, int kWidth, class... Count>
MICA_INLINE void softmax_columns(const typename S::Type* x, typename S::Type* y, int64_t n, int64_t stride,
                                 Count... count) {
  Columns<kWidth> c;
  if constexpr (kKeeps<S>) {
    c = scan_columns<S, kWidth>(
        x, n, stride, [=](int64_t at, Vec e) { S::store(y + at, e, count...); }, count...);
  } else {
    c = scan_only<S, kWidth>(x, n, stride, count...);
  }
  Vec factor[kWidth];
#pragma GCC unroll kUnrolled
  for (int k = 0; k < kWidth; ++k) factor[k] = splat(1.0f) / c.sum[k];
  for (int64_t i = 0; i < n; ++i) {
#pragma GCC unroll kUnrolled
    for (int k = 0; k < kWidth; ++k) {
      const int64_t at = i * stride + k * kLanes;
      const Vec e = kKeeps<S> ? S::load(y + at, count...) : exponential(S::load(x + at, count...), c.shift[k]);
      S::store(y + at, e * factor[k], count...);
    }
  }
}

template <class S, int kWidth, class... Count>
MICA_INLINE void log_softmax_columns(const typename S::Type* x, typename S::Type* y, int64_t n, int64_t stride,
                                     Count... count) {
  const Columns<kWidth> c = scan_only<S, kWidth>(x, n, stride, count...);
  Vec log_sum[kWidth];
#pragma GCC unroll kUnrolled
  for (int k = 0; k < kWidth; ++k) log_sum[k] = logarithm(c.sum[k]);
  for (int64_t i = 0; i < n; ++i) {
#pragma GCC unroll kUnrolled
    for (int k = 0; k < kWidth; ++k) {
      const int64_t at = i * stride + k * kLanes;
      S::store(y + at, S::load(x + at, count...) - c.shift[k] - log_sum[k], count...);
    }
  }
}

template <class S>
void softmax(const typename S::Type* x, typename S::Type* y, int64_t n, int64_t stride, int64_t columns) {
  if (stride == 1) return softmax_row<S>(x, y, n);
  for_each_columns<true>(columns, [=]<int kWidth>(int64_t j, auto... count) {
    softmax_columns<S, kWidth>(x + j, y + j, n, stride, count...);
  });
}

template <class S>
void log_softmax(const typename S::Type* x, typename S::Type* y, int64_t n, int64_t stride, int64_t columns) {
  if (stride == 1) return log_softmax_row<S>(x, y, n);
  for_each_columns<true>(columns, [=]<int kWidth>(int64_t j, auto... count) {
    log_softmax_columns<S, kWidth>(x + j, y + j, n, stride, count...);
  });
}

}  // namespace

MICA_SIMD_TABLE(SoftmaxKernels, softmax_kernels) = {
    .f32 = {softmax<F32>, log_softmax<F32>},
    .f16 = {softmax<F16>, log_softmax<F16>},
    .bf16 = {softmax<BF16>, log_softmax<BF16>},
};

}  // namespace mica::MICA_ISA
