#include "kernels/simd/fold.h"
#include "kernels/simd/math.h"
#include "kernels/softmax/softmax_simd.h"

namespace mica::MICA_ISA {
namespace {

/// Softmax of contiguous elements. Where y is narrower than float, what is summed is not what is stored, and the
/// exponentials are computed again.
template <class S>
MICA_INLINE void softmax_row(const typename S::Type* x, typename S::Type* y, int64_t n) {
  constexpr bool kStore = sizeof(typename S::Type) == sizeof(float);
  const Vec shift = splat(highest_of<S>(x, n));
  double total[1] = {};
  sum_blocks(n, total, [=](Vec(&sums)[1], int64_t i, auto... rest) {
    const Vec e = exp(S::load(x + i, rest...) - shift);
    if constexpr (kStore) S::store(y + i, e, rest...);
    sums[0] = sums[0] + keep(e, zero(), rest...);
  });
  const Vec factor = splat(static_cast<float>(1 / total[0]));
  if constexpr (kStore) {
    map<S, S>(y, y, n, [=](Vec e, int64_t, auto...) { return e * factor; });
  } else {
    map<S, S>(x, y, n, [=](Vec v, int64_t, auto...) { return exp(v - shift) * factor; });
  }
}

template <class S>
MICA_INLINE void log_softmax_row(const typename S::Type* x, typename S::Type* y, int64_t n) {
  const Vec shift = splat(highest_of<S>(x, n));
  double total[1] = {};
  sum_blocks(n, total, [=](Vec(&sums)[1], int64_t i, auto... rest) {
    sums[0] = sums[0] + keep(exp(S::load(x + i, rest...) - shift), zero(), rest...);
  });
  float logarithm;
  store(&logarithm, log(splat(static_cast<float>(total[0]))), 1);
  const Vec log_sum = splat(logarithm);
  map<S, S>(x, y, n, [=](Vec v, int64_t, auto...) { return v - shift - log_sum; });
}

/// What softmax needs to know of columns: kWidth vectors of neighbours, or the first `count` lanes of one.
template <int kWidth>
struct Columns {
  Vec shift[kWidth], sum[kWidth];
};

template <class S, int kWidth, class... Count>
MICA_INLINE Columns<kWidth> scan_columns(const typename S::Type* x, int64_t n, int64_t stride, Count... count) {
  Columns<kWidth> c;
#pragma GCC unroll 4
  for (int k = 0; k < kWidth; ++k) c.shift[k] = splat(-__builtin_inff());
  for (int64_t i = 0; i < n; ++i) {
#pragma GCC unroll 4
    for (int k = 0; k < kWidth; ++k) {
      c.shift[k] = max(S::load(x + i * stride + k * kLanes, count...), c.shift[k]);
    }
  }
#pragma GCC unroll 4
  for (int k = 0; k < kWidth; ++k) c.sum[k] = zero();
  return c;
}

template <class S, int kWidth, class... Count>
MICA_INLINE void softmax_columns(const typename S::Type* x, typename S::Type* y, int64_t n, int64_t stride,
                                 Count... count) {
  constexpr bool kStore = sizeof(typename S::Type) == sizeof(float);
  Columns<kWidth> c = scan_columns<S, kWidth>(x, n, stride, count...);
  for (int64_t i = 0; i < n; ++i) {
#pragma GCC unroll 4
    for (int k = 0; k < kWidth; ++k) {
      const int64_t at = i * stride + k * kLanes;
      const Vec e = exp(S::load(x + at, count...) - c.shift[k]);
      c.sum[k] = c.sum[k] + e;
      if constexpr (kStore) S::store(y + at, e, count...);
    }
  }
#pragma GCC unroll 4
  for (int k = 0; k < kWidth; ++k) c.sum[k] = splat(1.0f) / c.sum[k];
  for (int64_t i = 0; i < n; ++i) {
#pragma GCC unroll 4
    for (int k = 0; k < kWidth; ++k) {
      const int64_t at = i * stride + k * kLanes;
      const Vec e = kStore ? S::load(y + at, count...) : exp(S::load(x + at, count...) - c.shift[k]);
      S::store(y + at, e * c.sum[k], count...);
    }
  }
}

template <class S, int kWidth, class... Count>
MICA_INLINE void log_softmax_columns(const typename S::Type* x, typename S::Type* y, int64_t n, int64_t stride,
                                     Count... count) {
  Columns<kWidth> c = scan_columns<S, kWidth>(x, n, stride, count...);
  for (int64_t i = 0; i < n; ++i) {
#pragma GCC unroll 4
    for (int k = 0; k < kWidth; ++k) {
      c.sum[k] = c.sum[k] + exp(S::load(x + i * stride + k * kLanes, count...) - c.shift[k]);
    }
  }
#pragma GCC unroll 4
  for (int k = 0; k < kWidth; ++k) c.sum[k] = log(c.sum[k]);
  for (int64_t i = 0; i < n; ++i) {
#pragma GCC unroll 4
    for (int k = 0; k < kWidth; ++k) {
      const int64_t at = i * stride + k * kLanes;
      S::store(y + at, S::load(x + at, count...) - c.shift[k] - c.sum[k], count...);
    }
  }
}

template <class S>
void softmax(const typename S::Type* x, typename S::Type* y, int64_t n, int64_t stride, int64_t columns) {
  if (stride == 1) return softmax_row<S>(x, y, n);
  for_each_columns(columns, [=]<int kWidth>(int64_t j, auto... count) {
    softmax_columns<S, kWidth>(x + j, y + j, n, stride, count...);
  });
}

template <class S>
void log_softmax(const typename S::Type* x, typename S::Type* y, int64_t n, int64_t stride, int64_t columns) {
  if (stride == 1) return log_softmax_row<S>(x, y, n);
  for_each_columns(columns, [=]<int kWidth>(int64_t j, auto... count) {
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
