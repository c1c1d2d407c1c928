#include "kernels/norm/norm_simd.h"
#include "kernels/simd/fold.h"

namespace mica::MICA_ISA {
namespace {

/// Their mean, rounded; `part` is 1 / n.
template <class S>
MICA_INLINE float mean_of(const typename S::Type* x, int64_t n, double part) {
  double total[1] = {};
  sum_blocks(n, total, [&](Vec(&sums)[1], int64_t i, auto... rest) { sums[0] = sums[0] + S::load(x + i, rest...); });
  return static_cast<float>(total[0] * part);
}

template <class S>
MICA_INLINE NormMoments<> moments_about(float mean, const typename S::Type* x, int64_t n, double part) {
  // The differences from the rounded mean add up to what is wrong with it.
  double about[2] = {};
  const Vec shift = splat(mean);
  sum_blocks(n, about, [&](Vec(&sums)[2], int64_t i, auto... rest) {
    const Vec d = keep(S::load(x + i, rest...) - shift, zero(), rest...);
    sums[0] = sums[0] + d;
    sums[1] = fma(d, d, sums[1]);
  });
  const double correction = about[0] * part;
  const double variance = about[1] * part - correction * correction;
  return {static_cast<float>(static_cast<double>(mean) + correction), static_cast<float>(variance < 0 ? 0 : variance)};
}

template <class S>
MICA_INLINE float mean_square(const typename S::Type* x, int64_t n, double part) {
  double total[1] = {};
  sum_blocks(n, total, [&](Vec(&sums)[1], int64_t i, auto... rest) {
    const Vec v = S::load(x + i, rest...);
    sums[0] = fma(v, v, sums[0]);
  });
  return static_cast<float>(total[0] * part);
}

template <class S>
MICA_INLINE NormMoments<> moments_of(const typename S::Type* x, int64_t n, double part, bool rms) {
  if (rms) return {0, mean_square<S>(x, n, part)};
  return moments_about<S>(mean_of<S>(x, n, part), x, n, part);
}

template <class S, class D>
MICA_INLINE void normalize(const typename S::Type* x, typename D::Type* y, int64_t n, float mean, float inverse,
                           const float* scale, const float* bias) {
  const Vec m = splat(mean);
  const Vec f = splat(inverse);
  if (scale != nullptr && bias != nullptr) {
    map<S, D>(x, y, n, [=](Vec v, int64_t i, auto... rest) {
      return fma((v - m) * f, load(scale + i, rest...), load(bias + i, rest...));
    });
  } else if (scale != nullptr) {
    map<S, D>(x, y, n, [=](Vec v, int64_t i, auto... rest) { return (v - m) * f * load(scale + i, rest...); });
  } else if (bias != nullptr) {
    map<S, D>(x, y, n, [=](Vec v, int64_t i, auto... rest) { return fma(v - m, f, load(bias + i, rest...)); });
  } else {
    map<S, D>(x, y, n, [=](Vec v, int64_t, auto...) { return (v - m) * f; });
  }
}

template <class S, class D>
MICA_INLINE void normalize_row(const NormRows<typename D::Type>& rows, int64_t row, const typename S::Type* x,
                               double part) {
  const NormMoments<> m = moments_of<S>(x, rows.width, part, rows.rms);
  const float inverse = 1 / __builtin_sqrtf(m.variance + rows.epsilon);
  if (rows.mean != nullptr) rows.mean[row] = m.mean;
  if (rows.inverse_deviation != nullptr) rows.inverse_deviation[row] = inverse;
  normalize<S, D>(x, rows.y + row * rows.width, rows.width, m.mean, inverse,
                  rows.scale != nullptr ? rows.scale + row * rows.scale_row : nullptr,
                  rows.bias != nullptr ? rows.bias + row * rows.bias_row : nullptr);
}

// The moments of N whole vectors: what mean_of and moments_about give, or mean_square.
template <int N>
MICA_INLINE NormMoments<> moments_of_vectors(const Vec (&x)[N], bool rms, double part) {
  float mean = 0;
  Vec total = x[0];
#pragma GCC unroll kUnrolled
  for (int v = 1; v < N; ++v) total = total + x[v];
  if (!rms) mean = static_cast<float>(static_cast<double>(sum(total)) * part);
  Vec about = zero(), squares = zero();
#pragma GCC unroll kUnrolled
  for (int v = 0; v < N; ++v) {
    const Vec d = x[v] - splat(mean);
    about = about + d;
    squares = fma(d, d, squares);
  }
  const double square = static_cast<double>(sum(squares)) * part;
  if (rms) return {0, static_cast<float>(square)};
  const double correction = static_cast<double>(sum(about)) * part;
  const double variance = square - correction * correction;
  return {static_cast<float>(static_cast<double>(mean) + correction), static_cast<float>(variance < 0 ? 0 : variance)};
}

// Rows of N whole vectors, which stay in registers, with one scale and one bias for all.
template <class S, int N>
MICA_INLINE void normalize_vectors(const NormRows<typename S::Type>& rows, int64_t begin, int64_t end, double part) {
  Vec scale[N], bias[N];
#pragma GCC unroll kUnrolled
  for (int v = 0; v < N; ++v) {
    scale[v] = rows.scale != nullptr ? load(rows.scale + v * kLanes) : splat(1.0f);
    bias[v] = rows.bias != nullptr ? load(rows.bias + v * kLanes) : zero();
  }
  for (int64_t row = begin; row < end; ++row) {
    const int64_t at = row * rows.width;
    Vec x[N];
#pragma GCC unroll kUnrolled
    for (int v = 0; v < N; ++v) {
      const int64_t i = v * kLanes;
      x[v] = S::load(rows.x + at + i);
      if (rows.skip != nullptr) x[v] = x[v] + S::load(rows.skip + row % rows.skip_rows * rows.width + i);
      if (rows.skip != nullptr && rows.skip_bias != nullptr) x[v] = x[v] + load(rows.skip_bias + i);
      if (rows.skip != nullptr && rows.sum != nullptr) S::store(rows.sum + at + i, x[v]);
    }
    const NormMoments<> m = moments_of_vectors(x, rows.rms, part);
    const float inverse = 1 / __builtin_sqrtf(m.variance + rows.epsilon);
    if (rows.mean != nullptr) rows.mean[row] = m.mean;
    if (rows.inverse_deviation != nullptr) rows.inverse_deviation[row] = inverse;
#pragma GCC unroll kUnrolled
    for (int v = 0; v < N; ++v) {
      const Vec y = fma((x[v] - splat(m.mean)) * splat(inverse), scale[v], bias[v]);
      S::store(rows.y + at + v * kLanes, y);
    }
  }
}

template <class S>
MICA_INLINE void add_skip(const NormRows<typename S::Type>& rows, int64_t row, float* sums) {
  const int64_t width = rows.width;
  const auto* x = rows.x + row * width;
  const auto* skip = rows.skip + row % rows.skip_rows * width;
  if (const float* bias = rows.skip_bias; bias != nullptr) {
    map<S, F32>(x, sums, width, [=](Vec v, int64_t i, auto... rest) {
      return v + S::load(skip + i, rest...) + load(bias + i, rest...);
    });
  } else {
    map<S, F32>(x, sums, width, [=](Vec v, int64_t i, auto... rest) { return v + S::load(skip + i, rest...); });
  }
}

// The sums of a row, which are kept where that is wanted. Those of narrow elements are rounded only then.
template <class S>
MICA_INLINE const float* sums_of(const NormRows<typename S::Type>& rows, int64_t row, float* room) {
  typename S::Type* kept = rows.sum != nullptr ? rows.sum + row * rows.width : nullptr;
  if constexpr (sizeof(typename S::Type) == sizeof(float)) {
    if (kept != nullptr) room = kept;
    add_skip<S>(rows, row, room);
  } else {
    add_skip<S>(rows, row, room);
    if (kept != nullptr) map<F32, S>(room, kept, rows.width, [](Vec v, int64_t, auto...) { return v; });
  }
  return room;
}

template <class S>
[[gnu::noinline]] void normalize_sum(const NormRows<typename S::Type>& rows, int64_t row, float* room, double part) {
  normalize_row<F32, S>(rows, row, sums_of<S>(rows, row, room), part);
}

// Whether normalize_vectors did it.
template <class S>
MICA_INLINE bool norm_short_rows(const NormRows<typename S::Type>& rows, int64_t begin, int64_t end, double part) {
  if (kLanes == 1 || rows.scale_row != 0 || rows.bias_row != 0) return false;
  if (rows.width == kLanes) return normalize_vectors<S, 1>(rows, begin, end, part), true;
  if (rows.width == 2 * kLanes) return normalize_vectors<S, 2>(rows, begin, end, part), true;
  if (rows.width == 4 * kLanes) return normalize_vectors<S, 4>(rows, begin, end, part), true;
  return false;
}

template <class S>
void norm_rows(const NormRows<typename S::Type>& rows, int64_t begin, int64_t end, float* room) {
  const double part = 1 / static_cast<double>(rows.width);
  if (norm_short_rows<S>(rows, begin, end, part)) return;
  for (int64_t row = begin; row < end; ++row) {
    const auto* x = rows.x + row * rows.width;
    if constexpr (sizeof(*x) == sizeof(float)) {
      normalize_row<S, S>(rows, row, rows.skip == nullptr ? x : sums_of<S>(rows, row, room), part);
    } else if (rows.skip == nullptr) {
      normalize_row<S, S>(rows, row, x, part);
    } else {
      normalize_sum<S>(rows, row, room, part);
    }
  }
}

template <class S>
NormMoments<> moments(const typename S::Type* x, int64_t n) {
  return moments_of<S>(x, n, 1 / static_cast<double>(n), false);
}

template <class S>
void affine(const typename S::Type* x, typename S::Type* y, int64_t n, float mean, float factor, float shift) {
  const Vec m = splat(mean);
  const Vec a = splat(factor);
  const Vec b = splat(shift);
  map<S, S>(x, y, n, [=](Vec v, int64_t, auto...) { return fma(v - m, a, b); });
}

template <class S>
void affine_each(const typename S::Type* x, typename S::Type* y, int64_t n, const float* mean, const float* factor,
                 const float* shift) {
  map<S, S>(x, y, n, [=](Vec v, int64_t i, auto... rest) {
    return fma(v - load(mean + i, rest...), load(factor + i, rest...), load(shift + i, rest...));
  });
}

}  // namespace

MICA_SIMD_TABLE(NormKernels, norm_kernels) = {
    .f32 = {norm_rows<F32>, moments<F32>, affine<F32>, affine_each<F32>},
    .f16 = {norm_rows<F16>, moments<F16>, affine<F16>, affine_each<F16>},
    .bf16 = {norm_rows<BF16>, moments<BF16>, affine<BF16>, affine_each<BF16>},
};

}  // namespace mica::MICA_ISA
