// One float at a time, in portable C++.
// isa: scalar
// arch: any
// flags: -Os
// needs:
// rank: 0
#pragma once

#include <stdint.h>
#include <string.h>

namespace mica::isa_scalar {

inline constexpr int kLanes = 1;
inline constexpr int kRegisters = 16;
inline constexpr bool kMasks = false;

struct Vec {
  float v;
};
struct Mask {
  bool v;
};

MICA_INLINE uint32_t bits(float x) {
  uint32_t b;
  memcpy(&b, &x, sizeof(b));
  return b;
}
MICA_INLINE float from_bits(uint32_t b) {
  float x;
  memcpy(&x, &b, sizeof(x));
  return x;
}

// 32-bit integers, whose sums wrap around.
struct Ints {
  uint32_t v;
};
MICA_INLINE Ints splat_ints(int32_t x) {
  return {static_cast<uint32_t>(x)};
}
MICA_INLINE void store_ints(int32_t* p, Ints a) {
  *p = static_cast<int32_t>(a.v);
}
MICA_INLINE Ints operator+(Ints a, Ints b) {
  return {a.v + b.v};
}

MICA_INLINE Vec splat(float x) {
  return {x};
}

// As the loads of vectors, those of elements do not mind where they lie.
MICA_INLINE Vec load(const float* p) {
  Vec a;
  memcpy(&a.v, p, sizeof(a.v));
  return a;
}
MICA_INLINE uint32_t load_16_bits(const uint16_t* p) {
  uint16_t b;
  memcpy(&b, p, sizeof(b));
  return b;
}
MICA_INLINE void store(float* p, Vec a) {
  *p = a.v;
}

// Too long to be inlined where speed is not asked for.
// Layouts: sign, 5 exponent bits of bias 15, 10 mantissa bits; float: sign, 8 of bias 127, 23.
[[gnu::noinline]] inline Vec load_f16(const uint16_t* p) {
  const uint32_t half = load_16_bits(p);
  const uint32_t sign = (half & 0x8000u) << 16;
  const uint32_t magnitude = half & 0x7fffu;
  const uint32_t rebias = magnitude < 0x7c00u ? 0x38000000u : 0x70000000u;           // infinity and NaN to exponent 255
  const float value = magnitude < 0x400u ? static_cast<float>(magnitude) * 0x1p-24f  // subnormal
                                         : from_bits((magnitude << 13) + rebias);
  return {from_bits(bits(value) | sign)};
}
[[gnu::noinline]] inline void store_f16(uint16_t* p, Vec a) {
  const uint32_t sign = bits(a.v) >> 16 & 0x8000u;
  const uint32_t magnitude = bits(a.v) & 0x7fffffffu;
  uint32_t half;
  if (magnitude > 0x7f800000u) {
    half = 0x7e00u | (magnitude >> 13 & 0x3ffu);
  } else if (magnitude >= 0x477ff000u) {  // 65520 and above round to infinity
    half = 0x7c00u;
  } else if (magnitude < 0x38800000u) {  // below 2^-14: the sum's last bit is worth 2^-24
    half = bits(from_bits(magnitude) + 0.5f) - bits(0.5f);
  } else {
    half = (magnitude - 0x38000000u + 0xfffu + (magnitude >> 13 & 1u)) >> 13;
  }
  *p = static_cast<uint16_t>(sign | half);
}

MICA_INLINE Vec load_bf16(const uint16_t* p) {
  return {from_bits(load_16_bits(p) << 16)};
}
MICA_INLINE void store_bf16(uint16_t* p, Vec a) {
  const uint32_t b = bits(a.v);
  *p = static_cast<uint16_t>((b & 0x7fffffffu) > 0x7f800000u ? b >> 16 | 0x40u : (b + 0x7fffu + (b >> 16 & 1u)) >> 16);
}

MICA_INLINE Vec load_u8(const uint8_t* p) {
  return {static_cast<float>(*p)};
}
MICA_INLINE Vec load_s8(const int8_t* p) {
  return {static_cast<float>(*p)};
}
MICA_INLINE void load_u4(const uint8_t* p, Vec& a, Vec& b) {
  a = {static_cast<float>(*p & 15)};
  b = {static_cast<float>(*p >> 4)};
}
MICA_INLINE Vec load_i32(const int32_t* p) {
  return {static_cast<float>(*p)};
}
MICA_INLINE int nearest(Vec a) {
  constexpr float kUnits = 0x1.8p23f;  // has units of 1, and is even
  const float sum = a.v + kUnits;
  return static_cast<int>(sum - kUnits);
}
MICA_INLINE void store_u8(uint8_t* p, Vec a) {
  *p = static_cast<uint8_t>(nearest(a));
}
MICA_INLINE void store_s8(int8_t* p, Vec a) {
  *p = static_cast<int8_t>(nearest(a));
}

MICA_INLINE Vec load(const float* p, int n) {
  return n > 0 ? load(p) : splat(0.0f);
}
MICA_INLINE void store(float* p, Vec a, int n) {
  if (n > 0) store(p, a);
}
MICA_INLINE Vec load_f16(const uint16_t* p, int n) {
  return n > 0 ? load_f16(p) : splat(0.0f);
}
MICA_INLINE void store_f16(uint16_t* p, Vec a, int n) {
  if (n > 0) store_f16(p, a);
}
MICA_INLINE Vec load_bf16(const uint16_t* p, int n) {
  return n > 0 ? load_bf16(p) : splat(0.0f);
}
MICA_INLINE void store_bf16(uint16_t* p, Vec a, int n) {
  if (n > 0) store_bf16(p, a);
}

MICA_INLINE Vec load_u8(const uint8_t* p, int n) {
  return n > 0 ? load_u8(p) : splat(0.0f);
}
MICA_INLINE Vec load_s8(const int8_t* p, int n) {
  return n > 0 ? load_s8(p) : splat(0.0f);
}
MICA_INLINE Vec load_i32(const int32_t* p, int n) {
  return n > 0 ? load_i32(p) : splat(0.0f);
}
MICA_INLINE void store_u8(uint8_t* p, Vec a, int n) {
  if (n > 0) store_u8(p, a);
}
MICA_INLINE void store_s8(int8_t* p, Vec a, int n) {
  if (n > 0) store_s8(p, a);
}

MICA_INLINE Vec operator+(Vec a, Vec b) {
  return {a.v + b.v};
}
MICA_INLINE Vec operator-(Vec a, Vec b) {
  return {a.v - b.v};
}
MICA_INLINE Vec operator*(Vec a, Vec b) {
  return {a.v * b.v};
}
MICA_INLINE Vec operator/(Vec a, Vec b) {
  return {a.v / b.v};
}
MICA_INLINE Vec operator-(Vec a) {
  return {-a.v};
}
MICA_INLINE Vec fma(Vec a, Vec b, Vec c) {
  return {a.v * b.v + c.v};
}
MICA_INLINE Vec fnma(Vec a, Vec b, Vec c) {
  return {c.v - a.v * b.v};
}
MICA_INLINE Vec min(Vec a, Vec b) {
  return a.v < b.v ? a : b;
}
MICA_INLINE Vec max(Vec a, Vec b) {
  return a.v > b.v ? a : b;
}
MICA_INLINE Vec sqrt(Vec a) {
  return {__builtin_sqrtf(a.v)};
}
MICA_INLINE Vec abs(Vec a) {
  return {__builtin_fabsf(a.v)};
}
MICA_INLINE Vec copysign(Vec a, Vec b) {
  return {__builtin_copysignf(a.v, b.v)};
}
MICA_INLINE Vec round(Vec a) {
  return {__builtin_rintf(a.v)};
}
MICA_INLINE Vec floor(Vec a) {
  return {__builtin_floorf(a.v)};
}
MICA_INLINE Vec ceil(Vec a) {
  return {__builtin_ceilf(a.v)};
}
MICA_INLINE Vec trunc(Vec a) {
  return {__builtin_truncf(a.v)};
}

MICA_INLINE Mask operator<(Vec a, Vec b) {
  return {a.v < b.v};
}
MICA_INLINE Mask operator<=(Vec a, Vec b) {
  return {a.v <= b.v};
}
MICA_INLINE Mask operator==(Vec a, Vec b) {
  return {a.v == b.v};
}
MICA_INLINE Mask operator&(Mask a, Mask b) {
  return {a.v && b.v};
}
MICA_INLINE Mask operator|(Mask a, Mask b) {
  return {a.v || b.v};
}
MICA_INLINE Mask operator!(Mask a) {
  return {!a.v};
}
MICA_INLINE bool any(Mask a) {
  return a.v;
}
MICA_INLINE Vec select(Mask m, Vec a, Vec b) {
  return m.v ? a : b;
}

MICA_INLINE Mask load_bools(const uint8_t* p) {
  return {*p != 0};
}
MICA_INLINE Mask load_bools(const uint8_t* p, int n) {
  return {n > 0 && *p != 0};
}
MICA_INLINE void store_bools(uint8_t* p, Mask a) {
  *p = a.v;
}
MICA_INLINE void store_bools(uint8_t* p, Mask a, int n) {
  if (n > 0) store_bools(p, a);
}

MICA_INLINE float power2(int n) {
  return from_bits(static_cast<uint32_t>(n + 127) << 23);
}
MICA_INLINE Vec scale2(Vec a, Vec n) {
  const int whole = n.v == n.v ? static_cast<int>(n.v) : 0;
  const int half = whole >> 1;  // in two steps, of which only the second can round
  return {a.v * power2(half) * power2(whole - half)};
}
// Adding a quarter moves the mantissas from 1.5 on to the next exponent.
MICA_INLINE Vec exponent(Vec a) {
  const bool subnormal = a.v < 0x1p-126f;
  const uint32_t b = bits(subnormal ? a.v * 0x1p23f : a.v) + 0x00400000u;
  return {static_cast<float>(static_cast<int>(b >> 23) - (subnormal ? 150 : 127))};
}
MICA_INLINE Vec mantissa(Vec a) {
  const uint32_t b = bits(a.v < 0x1p-126f ? a.v * 0x1p23f : a.v);
  return {from_bits(b - ((b + 0x00400000u) & 0xff800000u) + 0x3f800000u)};
}

MICA_INLINE float sum(Vec a) {
  return a.v;
}
MICA_INLINE float highest(Vec a) {
  return a.v;
}
MICA_INLINE float lowest(Vec a) {
  return a.v;
}

MICA_INLINE void transpose(Vec (&)[kLanes]) {}

}  // namespace mica::isa_scalar
