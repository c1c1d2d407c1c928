// Loops between floats and 8-bit integers.
#include "kernels/quant/quantize_simd.h"
#include "kernels/simd/vec.h"

namespace mica::MICA_ISA {
namespace {

// How elements of a quantised type are moved, and what they hold.
struct U8 {
  using Type = uint8_t;
  static constexpr int kLow = 0, kHigh = 255;
  template <class... Rest>
  static MICA_INLINE Vec load(const uint8_t* p, Rest... n) {
    return load_u8(p, n...);
  }
  template <class... Rest>
  static MICA_INLINE void store(uint8_t* p, Vec v, Rest... n) {
    store_u8(p, v, n...);
  }
};
struct S8 {
  using Type = int8_t;
  static constexpr int kLow = -128, kHigh = 127;
  template <class... Rest>
  static MICA_INLINE Vec load(const int8_t* p, Rest... n) {
    return load_s8(p, n...);
  }
  template <class... Rest>
  static MICA_INLINE void store(int8_t* p, Vec v, Rest... n) {
    store_s8(p, v, n...);
  }
};

// Calls step(i) for whole vectors and step(i, rest) for what is left of n.
template <class Step>
MICA_INLINE void for_each_vec(int64_t n, Step step) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) step(i);
  if (const int rest = static_cast<int>(n - i); rest > 0) step(i, rest);
}

// saturate(round(v) + zero): clamped to what is left of the range before it is rounded. NaN becomes the lower end.
template <class Q>
struct Saturate {
  Vec low, high, zero;

  explicit MICA_INLINE Saturate(int32_t zero_point)
      : low(splat(static_cast<float>(Q::kLow - zero_point))),
        high(splat(static_cast<float>(Q::kHigh - zero_point))),
        zero(splat(static_cast<float>(zero_point))) {}
  MICA_INLINE Vec operator()(Vec v) const { return round(min(max(v, low), high)) + zero; }
};

template <class Q>
void quantize(const float* x, float scale, int32_t zero, typename Q::Type* y, int64_t n) {
  const Saturate<Q> saturate(zero);
  const Vec s = splat(scale);
  for_each_vec(n, [&](int64_t i, auto... rest) { Q::store(y + i, saturate(load(x + i, rest...) / s), rest...); });
}

void quantize_by_factor(const float* x, float factor, int32_t zero, uint8_t* y, int64_t n) {
  const Saturate<U8> saturate(zero);
  const Vec f = splat(factor);
  for_each_vec(n, [&](int64_t i, auto... rest) { store_u8(y + i, saturate(load(x + i, rest...) * f), rest...); });
}

template <class Q>
void dequantize(const typename Q::Type* x, float scale, int32_t zero, float* y, int64_t n) {
  const Vec s = splat(scale);
  const Vec z = splat(static_cast<float>(zero));
  for_each_vec(n, [&](int64_t i, auto... rest) { store(y + i, (Q::load(x + i, rest...) - z) * s, rest...); });
}

template <class Q>
void requantize(const int32_t* x, const float* scale, int32_t zero, typename Q::Type* y, int64_t n) {
  const Saturate<Q> saturate(zero);
  for_each_vec(n, [&](int64_t i, auto... rest) {
    Q::store(y + i, saturate(load_i32(x + i, rest...) * load(scale + i, rest...)), rest...);
  });
}

template <class Q>
void requantize_by_one(const int32_t* x, float scale, int32_t zero, typename Q::Type* y, int64_t n) {
  const Saturate<Q> saturate(zero);
  const Vec s = splat(scale);
  for_each_vec(n, [&](int64_t i, auto... rest) { Q::store(y + i, saturate(load_i32(x + i, rest...) * s), rest...); });
}

void scale_ints(const int32_t* x, const float* scale, const float* bias, float* y, int64_t n) {
  if (bias == nullptr) {
    for_each_vec(n, [&](int64_t i, auto... rest) {
      store(y + i, load_i32(x + i, rest...) * load(scale + i, rest...), rest...);
    });
  } else {
    for_each_vec(n, [&](int64_t i, auto... rest) {
      store(y + i, load_i32(x + i, rest...) * load(scale + i, rest...) + load(bias + i, rest...), rest...);
    });
  }
}

void range(const float* x, int64_t n, float* low, float* high) {
  constexpr int kChains = 4;
  Vec lows[kChains], highs[kChains];
  for (int c = 0; c < kChains; ++c) {
    lows[c] = splat(*low);
    highs[c] = splat(*high);
  }
  int64_t i = 0;
  for (; i + kChains * kLanes <= n; i += kChains * kLanes) {
    for (int c = 0; c < kChains; ++c) {
      const Vec v = load(x + i + c * kLanes);
      lows[c] = min(v, lows[c]);
      highs[c] = max(v, highs[c]);
    }
  }
  *low = lowest(min(min(lows[0], lows[1]), min(lows[2], lows[3])));
  *high = highest(max(max(highs[0], highs[1]), max(highs[2], highs[3])));
  for (; i < n; ++i) {
    *low = x[i] < *low ? x[i] : *low;
    *high = x[i] > *high ? x[i] : *high;
  }
}

}  // namespace

MICA_SIMD_TABLE(QuantizeKernels, quantize_kernels) = {
    .quantize_u8 = quantize<U8>,
    .quantize_s8 = quantize<S8>,
    .quantize_by_factor_u8 = quantize_by_factor,
    .dequantize_u8 = dequantize<U8>,
    .dequantize_s8 = dequantize<S8>,
    .requantize_u8 = requantize<U8>,
    .requantize_s8 = requantize<S8>,
    .requantize_by_one_u8 = requantize_by_one<U8>,
    .requantize_by_one_s8 = requantize_by_one<S8>,
    .scale = scale_ints,
    .range = range,
};

}  // namespace mica::MICA_ISA
