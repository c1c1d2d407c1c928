#include "kernels/conv/depthwise_simd.h"
#include "kernels/simd/vec.h"

namespace mica::MICA_ISA {
namespace {

// The elements p[0], p[2], p[4] ...; reads none behind the last of them.
MICA_INLINE Vec load_every_second(const float* p) {
  float lanes[kLanes];
  for (int i = 0; i < kLanes; ++i) lanes[i] = p[2 * i];
  return load(lanes);
}

template <int Stride>
MICA_INLINE Vec load_strided(const float* p) {
  if constexpr (Stride == 1) {
    return load(p);
  } else {
    return load_every_second(p);
  }
}

template <int Stride>
MICA_INLINE int64_t vectors(const float* x, const float* w, int64_t taps, int64_t dilation, float* y, int64_t n) {
  constexpr int kBlock = 4;
  int64_t i = 0;
  for (; i + kBlock * kLanes <= n; i += kBlock * kLanes) {
    Vec sums[kBlock];
#pragma GCC unroll kUnrolled
    for (int v = 0; v < kBlock; ++v) sums[v] = load(y + i + v * kLanes);
    for (int64_t k = 0; k < taps; ++k) {
      const Vec factor = splat(w[k]);
      const float* from = x + i * Stride + k * dilation;
#pragma GCC unroll kUnrolled
      for (int v = 0; v < kBlock; ++v) {
        sums[v] = fma(factor, load_strided<Stride>(from + v * kLanes * Stride), sums[v]);
      }
    }
#pragma GCC unroll kUnrolled
    for (int v = 0; v < kBlock; ++v) store(y + i + v * kLanes, sums[v]);
  }
  for (; i + kLanes <= n; i += kLanes) {
    Vec sum = load(y + i);
    for (int64_t k = 0; k < taps; ++k) {
      sum = fma(splat(w[k]), load_strided<Stride>(x + i * Stride + k * dilation), sum);
    }
    store(y + i, sum);
  }
  return i;
}

void add_taps(const float* x, int64_t stride, const float* w, int64_t taps, int64_t dilation, float* y, int64_t n) {
  int64_t i = 0;
  if (stride == 1) i = vectors<1>(x, w, taps, dilation, y, n);
  if (stride == 2) i = vectors<2>(x, w, taps, dilation, y, n);
  if (stride == 1 && i < n) {
    const int rest = static_cast<int>(n - i);
    Vec sum = load(y + i, rest);
    for (int64_t k = 0; k < taps; ++k) sum = fma(splat(w[k]), load(x + i + k * dilation, rest), sum);
    return store(y + i, sum, rest);
  }
  for (; i < n; ++i) {
    for (int64_t k = 0; k < taps; ++k) y[i] += w[k] * x[i * stride + k * dilation];
  }
}

}  // namespace

MICA_SIMD_TABLE(DepthwiseKernels, depthwise_kernels) = {
    .add_taps = add_taps,
};

}  // namespace mica::MICA_ISA
