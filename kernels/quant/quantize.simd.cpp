// Loops between floats and 8-bit integers.
#include "kernels/quant/byte_vector.h"
#include "kernels/quant/quantize_simd.h"
#include "kernels/simd/dot.h"

namespace mica::MICA_ISA {
namespace {

// Calls step(i) for whole vectors and step(i, rest) for what is left of n.
template <class Step>
MICA_INLINE void for_each_vec(int64_t n, Step step) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) step(i);
  if (const int rest = static_cast<int>(n - i); rest > 0) step(i, rest);
}

// y[i] = saturate(round(x) + zero), where number(i), and number(i, rest) of what is left of n, give vectors of x.
template <class Q, class Number>
MICA_INLINE void store_rounded(typename Q::Type* y, int64_t n, int32_t zero, Number number) {
  constexpr bool kSigned = Q::kLow < 0;
  uint8_t* to = reinterpret_cast<uint8_t*>(y);
  int64_t i = 0;
  for (; kLanes > 1 && i + 4 * kLanes <= n; i += 4 * kLanes) {
    const Bytes4 bytes =
        pack_four(number(i), number(i + kLanes), number(i + 2 * kLanes), number(i + 3 * kLanes), zero, kSigned);
    store_part<2, 0>(to + i, bytes);
    store_part<2, 1>(to + i + 2 * kLanes, bytes);
  }
  const Saturation saturate(kSigned, zero);
  for_each_vec(n - i, [&](int64_t j, auto... rest) { Q::store(y + i + j, saturate(number(i + j, rest...)), rest...); });
}

template <class Q>
void quantize(const float* x, float scale, int32_t zero, typename Q::Type* y, int64_t n) {
  const Vec s = splat(scale);
  store_rounded<Q>(y, n, zero, [&](int64_t i, auto... rest) { return load(x + i, rest...) / s; });
}

void quantize_by_factor(const float* x, float factor, int32_t zero, uint8_t* y, int64_t n) {
  const Vec f = splat(factor);
  store_rounded<U8>(y, n, zero, [&](int64_t i, auto... rest) { return load(x + i, rest...) * f; });
}

template <class Q>
void dequantize(const typename Q::Type* x, float scale, int32_t zero, float* y, int64_t n) {
  const Vec s = splat(scale);
  const Vec z = splat(static_cast<float>(zero));
  for_each_vec(n, [&](int64_t i, auto... rest) { store(y + i, (Q::load(x + i, rest...) - z) * s, rest...); });
}

template <class Q>
void requantize(const int32_t* x, const float* scale, int32_t zero, typename Q::Type* y, int64_t n) {
  store_rounded<Q>(y, n, zero,
                   [&](int64_t i, auto... rest) { return load_i32(x + i, rest...) * load(scale + i, rest...); });
}

template <class Q>
void requantize_by_one(const int32_t* x, float scale, int32_t zero, typename Q::Type* y, int64_t n) {
  const Vec s = splat(scale);
  store_rounded<Q>(y, n, zero, [&](int64_t i, auto... rest) { return load_i32(x + i, rest...) * s; });
}

template <class Q>
void add(const typename Q::Type* a, const ByteQuantization& by_a, const typename Q::Type* b,
         const ByteQuantization& by_b, typename Q::Type* y, const ByteQuantization& by_y, int64_t n) {
  const Vec a_scale = splat(by_a.scale), a_zero = splat(static_cast<float>(by_a.zero));
  const Vec b_scale = splat(by_b.scale), b_zero = splat(static_cast<float>(by_b.zero));
  const Vec y_scale = splat(by_y.scale);
  store_rounded<Q>(y, n, by_y.zero, [&](int64_t i, auto... rest) {
    const Vec left = (Q::load(a + i, rest...) - a_zero) * a_scale;
    const Vec right = (Q::load(b + i, rest...) - b_zero) * b_scale;
    return (left + right) / y_scale;
  });
}

template <class Q>
void multiply(const typename Q::Type* a, const ByteQuantization& by_a, const typename Q::Type* b,
              const ByteQuantization& by_b, typename Q::Type* y, const ByteQuantization& by_y, int64_t n) {
  const Vec a_zero = splat(static_cast<float>(by_a.zero)), b_zero = splat(static_cast<float>(by_b.zero));
  const Vec scale = splat(by_a.scale * by_b.scale / by_y.scale);
  store_rounded<Q>(y, n, by_y.zero, [&](int64_t i, auto... rest) {
    return (Q::load(a + i, rest...) - a_zero) * (Q::load(b + i, rest...) - b_zero) * scale;
  });
}

template <class Byte>
void sum_bytes(const Byte* __restrict__ x, int32_t* __restrict__ sums, int64_t n) {
  for (int64_t i = 0; i < n; ++i) sums[i] += x[i];
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
    .add_u8 = add<U8>,
    .add_s8 = add<S8>,
    .multiply_u8 = multiply<U8>,
    .multiply_s8 = multiply<S8>,
    .sum_u8 = sum_bytes<uint8_t>,
    .sum_s8 = sum_bytes<int8_t>,
    .scale = scale_ints,
    .range = range,
};

}  // namespace mica::MICA_ISA
