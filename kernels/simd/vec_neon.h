// Four floats: Advanced SIMD of Armv8-A.
// isa: neon
// arch: aarch64
// flags:
// needs: asimd
// rank: 1
#pragma once

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

namespace mica::isa_neon {

inline constexpr int kLanes = 4;
inline constexpr int kRegisters = 32;
inline constexpr bool kMasks = false;

struct Vec {
  float32x4_t v;
};
struct Mask {
  uint32x4_t v;  // all bits of a lane, or none
};

struct Ints {
  int32x4_t v;
};
MICA_INLINE Ints splat_ints(int32_t x) {
  return {vdupq_n_s32(x)};
}
MICA_INLINE void store_ints(int32_t* p, Ints a) {
  vst1q_s32(p, a.v);
}
MICA_INLINE Ints operator+(Ints a, Ints b) {
  return {vaddq_s32(a.v, b.v)};
}

MICA_INLINE Vec splat(float x) {
  return {vdupq_n_f32(x)};
}

MICA_INLINE Vec load(const float* p) {
  return {vld1q_f32(p)};
}
MICA_INLINE Vec load(const float* p, int n) {
  float lanes[kLanes] = {};
  memcpy(lanes, p, sizeof(float) * static_cast<unsigned>(n));
  return load(lanes);
}
MICA_INLINE void store(float* p, Vec a) {
  vst1q_f32(p, a.v);
}
MICA_INLINE void store(float* p, Vec a, int n) {
  float lanes[kLanes];
  store(lanes, a);
  memcpy(p, lanes, sizeof(float) * static_cast<unsigned>(n));
}

MICA_INLINE Vec from_f16(uint16x4_t h) {
  return {vcvt_f32_f16(vreinterpret_f16_u16(h))};
}
MICA_INLINE uint16x4_t to_f16(Vec a) {
  return vreinterpret_u16_f16(vcvt_f16_f32(a.v));
}
MICA_INLINE Vec from_bf16(uint16x4_t h) {
  return {vreinterpretq_f32_u32(vshll_n_u16(h, 16))};
}
MICA_INLINE uint16x4_t to_bf16(Vec a) {
  const uint32x4_t b = vreinterpretq_u32_f32(a.v);
  const uint32x4_t odd = vandq_u32(vshrq_n_u32(b, 16), vdupq_n_u32(1));
  const uint32x4_t rounded = vaddq_u32(vaddq_u32(b, vdupq_n_u32(0x7fff)), odd);
  const uint32x4_t quiet = vorrq_u32(b, vdupq_n_u32(0x00400000));
  return vshrn_n_u32(vbslq_u32(vceqq_f32(a.v, a.v), rounded, quiet), 16);
}
MICA_INLINE uint16x4_t load_words(const uint16_t* p, int n) {
  uint16_t words[kLanes] = {};
  memcpy(words, p, sizeof(uint16_t) * static_cast<unsigned>(n));
  return vld1_u16(words);
}
MICA_INLINE void store_words(uint16_t* p, uint16x4_t a, int n) {
  uint16_t words[kLanes];
  vst1_u16(words, a);
  memcpy(p, words, sizeof(uint16_t) * static_cast<unsigned>(n));
}

MICA_INLINE Vec load_f16(const uint16_t* p) {
  return from_f16(vld1_u16(p));
}
MICA_INLINE Vec load_f16(const uint16_t* p, int n) {
  return from_f16(load_words(p, n));
}
MICA_INLINE void store_f16(uint16_t* p, Vec a) {
  vst1_u16(p, to_f16(a));
}
MICA_INLINE void store_f16(uint16_t* p, Vec a, int n) {
  store_words(p, to_f16(a), n);
}
MICA_INLINE Vec load_bf16(const uint16_t* p) {
  return from_bf16(vld1_u16(p));
}
MICA_INLINE Vec load_bf16(const uint16_t* p, int n) {
  return from_bf16(load_words(p, n));
}
MICA_INLINE void store_bf16(uint16_t* p, Vec a) {
  vst1_u16(p, to_bf16(a));
}
MICA_INLINE void store_bf16(uint16_t* p, Vec a, int n) {
  store_words(p, to_bf16(a), n);
}

MICA_INLINE Vec load_u8(const uint8_t* p, int n) {
  uint8_t bytes[8] = {};
  memcpy(bytes, p, static_cast<unsigned>(n));
  return {vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vld1_u8(bytes)))))};
}
MICA_INLINE Vec load_u8(const uint8_t* p) {
  return load_u8(p, kLanes);
}
MICA_INLINE Vec load_s8(const int8_t* p, int n) {
  int8_t bytes[8] = {};
  memcpy(bytes, p, static_cast<unsigned>(n));
  return {vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vld1_s8(bytes)))))};
}
MICA_INLINE Vec load_s8(const int8_t* p) {
  return load_s8(p, kLanes);
}
MICA_INLINE void load_u4(const uint8_t* p, Vec& a, Vec& b) {
  uint32_t nibbles;
  memcpy(&nibbles, p, sizeof(nibbles));
  constexpr int32_t kLow[4] = {0, -4, -8, -12};
  constexpr int32_t kHigh[4] = {-16, -20, -24, -28};
  const uint32x4_t mask = vdupq_n_u32(15);
  a = {vcvtq_f32_u32(vandq_u32(vshlq_u32(vdupq_n_u32(nibbles), vld1q_s32(kLow)), mask))};
  b = {vcvtq_f32_u32(vandq_u32(vshlq_u32(vdupq_n_u32(nibbles), vld1q_s32(kHigh)), mask))};
}
MICA_INLINE Vec load_i32(const int32_t* p) {
  return {vcvtq_f32_s32(vld1q_s32(p))};
}
MICA_INLINE Vec load_i32(const int32_t* p, int n) {
  int32_t lanes[kLanes] = {};
  memcpy(lanes, p, sizeof(int32_t) * static_cast<unsigned>(n));
  return load_i32(lanes);
}
// The low bytes of the lanes, rounded.
MICA_INLINE void store_low_bytes(void* p, Vec a, int n) {
  const uint16x4_t words = vmovn_u32(vreinterpretq_u32_s32(vcvtnq_s32_f32(a.v)));
  uint8_t bytes[8];
  vst1_u8(bytes, vmovn_u16(vcombine_u16(words, words)));
  memcpy(p, bytes, static_cast<unsigned>(n));
}
MICA_INLINE void store_u8(uint8_t* p, Vec a, int n) {
  store_low_bytes(p, a, n);
}
MICA_INLINE void store_u8(uint8_t* p, Vec a) {
  store_low_bytes(p, a, kLanes);
}
MICA_INLINE void store_s8(int8_t* p, Vec a, int n) {
  store_low_bytes(p, a, n);
}
MICA_INLINE void store_s8(int8_t* p, Vec a) {
  store_low_bytes(p, a, kLanes);
}

MICA_INLINE Vec operator+(Vec a, Vec b) {
  return {vaddq_f32(a.v, b.v)};
}
MICA_INLINE Vec operator-(Vec a, Vec b) {
  return {vsubq_f32(a.v, b.v)};
}
MICA_INLINE Vec operator*(Vec a, Vec b) {
  return {vmulq_f32(a.v, b.v)};
}
MICA_INLINE Vec operator/(Vec a, Vec b) {
  return {vdivq_f32(a.v, b.v)};
}
MICA_INLINE Vec operator-(Vec a) {
  return {vnegq_f32(a.v)};
}
MICA_INLINE Vec fma(Vec a, Vec b, Vec c) {
  return {vfmaq_f32(c.v, a.v, b.v)};
}
MICA_INLINE Vec fnma(Vec a, Vec b, Vec c) {
  return {vfmsq_f32(c.v, a.v, b.v)};
}
// The instructions for minimum and maximum return NaN when either operand is.
MICA_INLINE Vec min(Vec a, Vec b) {
  return {vbslq_f32(vcltq_f32(a.v, b.v), a.v, b.v)};
}
MICA_INLINE Vec max(Vec a, Vec b) {
  return {vbslq_f32(vcgtq_f32(a.v, b.v), a.v, b.v)};
}
MICA_INLINE Vec sqrt(Vec a) {
  return {vsqrtq_f32(a.v)};
}
MICA_INLINE Vec abs(Vec a) {
  return {vabsq_f32(a.v)};
}
MICA_INLINE Vec copysign(Vec a, Vec b) {
  return {vbslq_f32(vdupq_n_u32(0x80000000u), b.v, a.v)};
}
MICA_INLINE Vec round(Vec a) {
  return {vrndnq_f32(a.v)};
}
MICA_INLINE Vec floor(Vec a) {
  return {vrndmq_f32(a.v)};
}
MICA_INLINE Vec ceil(Vec a) {
  return {vrndpq_f32(a.v)};
}
MICA_INLINE Vec trunc(Vec a) {
  return {vrndq_f32(a.v)};
}

MICA_INLINE Mask operator<(Vec a, Vec b) {
  return {vcltq_f32(a.v, b.v)};
}
MICA_INLINE Mask operator<=(Vec a, Vec b) {
  return {vcleq_f32(a.v, b.v)};
}
MICA_INLINE Mask operator==(Vec a, Vec b) {
  return {vceqq_f32(a.v, b.v)};
}
MICA_INLINE Mask operator&(Mask a, Mask b) {
  return {vandq_u32(a.v, b.v)};
}
MICA_INLINE Mask operator|(Mask a, Mask b) {
  return {vorrq_u32(a.v, b.v)};
}
MICA_INLINE Mask operator!(Mask a) {
  return {vmvnq_u32(a.v)};
}
MICA_INLINE bool any(Mask a) {
  return vmaxvq_u32(a.v) != 0;
}
MICA_INLINE Vec select(Mask m, Vec a, Vec b) {
  return {vbslq_f32(m.v, a.v, b.v)};
}

MICA_INLINE Mask load_bools(const uint8_t* p, int n) {
  uint8_t bytes[8] = {};
  memcpy(bytes, p, static_cast<unsigned>(n));
  const uint32x4_t lanes = vmovl_u16(vget_low_u16(vmovl_u8(vld1_u8(bytes))));
  return {vtstq_u32(lanes, lanes)};
}
MICA_INLINE Mask load_bools(const uint8_t* p) {
  return load_bools(p, kLanes);
}
MICA_INLINE void store_bools(uint8_t* p, Mask a, int n) {
  const uint16x4_t words = vmovn_u32(a.v);
  uint8_t bytes[8];
  vst1_u8(bytes, vand_u8(vmovn_u16(vcombine_u16(words, words)), vdup_n_u8(1)));
  memcpy(p, bytes, static_cast<unsigned>(n));
}
MICA_INLINE void store_bools(uint8_t* p, Mask a) {
  store_bools(p, a, kLanes);
}

MICA_INLINE float32x4_t power2(int32x4_t n) {
  return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(n, vdupq_n_s32(127)), 23));
}
MICA_INLINE Vec scale2(Vec a, Vec n) {
  const int32x4_t whole = vcvtq_s32_f32(n.v);
  const int32x4_t half = vshrq_n_s32(whole, 1);  // in two steps, of which only the second can round
  return {vmulq_f32(vmulq_f32(a.v, power2(half)), power2(vsubq_s32(whole, half)))};
}
// The bits of a, subnormals scaled by 2^23, and a quarter added: mantissas from 1.5 on move to the next exponent.
struct Parts {
  uint32x4_t subnormal, bits, moved;
};
MICA_INLINE Parts parts(Vec a) {
  const uint32x4_t subnormal = vcltq_f32(a.v, vdupq_n_f32(0x1p-126f));
  const float32x4_t scaled = vmulq_f32(a.v, vdupq_n_f32(0x1p23f));
  const uint32x4_t b = vreinterpretq_u32_f32(vbslq_f32(subnormal, scaled, a.v));
  return {subnormal, b, vaddq_u32(b, vdupq_n_u32(0x00400000))};
}
MICA_INLINE Vec exponent(Vec a) {
  const Parts p = parts(a);
  const float32x4_t e = vcvtq_f32_u32(vshrq_n_u32(p.moved, 23));
  return {vsubq_f32(e, vbslq_f32(p.subnormal, vdupq_n_f32(150.0f), vdupq_n_f32(127.0f)))};
}
MICA_INLINE Vec mantissa(Vec a) {
  const Parts p = parts(a);
  const uint32x4_t power = vandq_u32(p.moved, vdupq_n_u32(0xff800000u));
  return {vreinterpretq_f32_u32(vaddq_u32(vsubq_u32(p.bits, power), vdupq_n_u32(0x3f800000)))};
}

MICA_INLINE float sum(Vec a) {
  return vaddvq_f32(a.v);
}
MICA_INLINE float highest(Vec a) {
  return vmaxvq_f32(a.v);
}
MICA_INLINE float lowest(Vec a) {
  return vminvq_f32(a.v);
}

MICA_INLINE void transpose(Vec (&r)[kLanes]) {
  const float32x4x2_t a = vtrnq_f32(r[0].v, r[1].v);
  const float32x4x2_t b = vtrnq_f32(r[2].v, r[3].v);
  r[0].v = vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0]));
  r[1].v = vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1]));
  r[2].v = vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0]));
  r[3].v = vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1]));
}

}  // namespace mica::isa_neon
