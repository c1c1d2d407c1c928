// Products of 16-bit integers, added to four sums at a time.
#pragma once

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

namespace mica::isa_neon {

inline constexpr int kDot = 1;
using RowElement = int16_t;

MICA_INLINE Ints load_row(const RowElement* p) {
  return splat_ints(*p);
}
MICA_INLINE Ints load_columns(const int8_t* p) {
  int8_t bytes[8] = {};
  memcpy(bytes, p, kLanes);
  return {vmovl_s16(vget_low_s16(vmovl_s8(vld1_s8(bytes))))};
}
MICA_INLINE Ints load_sums(const int32_t* p) {
  return {vld1q_s32(p)};
}
MICA_INLINE Vec to_floats(Ints a) {
  return {vcvtq_f32_s32(a.v)};
}
struct Bytes4 {
  uint8x16_t v;
};
MICA_INLINE Bytes4 pack_four(Vec a, Vec b, Vec c, Vec d, int32_t zero, bool is_signed) {
  const float32x4_t least = vdupq_n_f32(-0x1p16f);
  const auto words = [&](Vec x) { return vqmovn_s32(vcvtnq_s32_f32(vmaxnmq_f32(x.v, least))); };
  const int16x8_t zeros = vdupq_n_s16(static_cast<int16_t>(zero));
  const int16x8_t low = vqaddq_s16(vcombine_s16(words(a), words(b)), zeros);
  const int16x8_t high = vqaddq_s16(vcombine_s16(words(c), words(d)), zeros);
  if (is_signed) return {vreinterpretq_u8_s8(vcombine_s8(vqmovn_s16(low), vqmovn_s16(high)))};
  return {vcombine_u8(vqmovun_s16(low), vqmovun_s16(high))};
}
MICA_INLINE Bytes4 pack_quad(Vec a, Vec b, Vec c, Vec d, int32_t zero, bool is_signed) {
  return pack_four(a, b, c, d, zero, is_signed);
}
template <int parts, int i>
MICA_INLINE void store_part(uint8_t* p, Bytes4 bytes) {
  if constexpr (parts == 2) {
    vst1_u8(p, i == 0 ? vget_low_u8(bytes.v) : vget_high_u8(bytes.v));
  } else {
    const uint32_t word = vgetq_lane_u32(vreinterpretq_u32_u8(bytes.v), i);
    memcpy(p, &word, sizeof(word));
  }
}
template <int i>
MICA_INLINE void store_half(uint8_t* p, Bytes4 bytes, int n) {
  uint8_t all[2 * kLanes];
  store_part<2, i>(all, bytes);
  memcpy(p, all, static_cast<size_t>(n));
}
template <int bits>
MICA_INLINE Ints shifted(Ints a) {
  return {vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(a.v), bits))};
}
MICA_INLINE Ints operator&(Ints a, Ints b) {
  return {vandq_s32(a.v, b.v)};
}
MICA_INLINE Vec low_nibbles(Ints a) {
  return to_floats(a & splat_ints(15));
}
MICA_INLINE Vec low_bytes(Ints a) {
  return to_floats(a & splat_ints(255));
}
inline constexpr int kMostByte = 255;
MICA_INLINE Ints dot_bytes(Ints sum, Ints a, Ints b) {
  const uint8x16_t codes = vreinterpretq_u8_s32(a.v);
  const int8x16_t numbers = vreinterpretq_s8_s32(b.v);
  const int16x8_t low = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(codes)));
  const int16x8_t high = vreinterpretq_s16_u16(vmovl_u8(vget_high_u8(codes)));
  const int16x8_t low_b = vmovl_s8(vget_low_s8(numbers)), high_b = vmovl_s8(vget_high_s8(numbers));
  const int32x4_t a0 = vmull_s16(vget_low_s16(low), vget_low_s16(low_b));
  const int32x4_t a1 = vmull_s16(vget_high_s16(low), vget_high_s16(low_b));
  const int32x4_t a2 = vmull_s16(vget_low_s16(high), vget_low_s16(high_b));
  const int32x4_t a3 = vmull_s16(vget_high_s16(high), vget_high_s16(high_b));
  return {vaddq_s32(sum.v, vpaddq_s32(vpaddq_s32(a0, a1), vpaddq_s32(a2, a3)))};
}
MICA_INLINE Ints lanes_of_rows(const uint8_t* const (&p)[kDot], int n, uint8_t flip) {
  int32_t lanes[kLanes] = {};
  for (int j = 0; j < n; ++j) lanes[j] = p[0][j] ^ flip;
  return {vld1q_s32(lanes)};
}
MICA_INLINE void quads_of_rows(const uint8_t* const (&p)[kDot], uint8_t flip, Ints (&to)[4]) {
  for (int j = 0; j < 4; ++j) to[j] = lanes_of_rows({p[0] + j * kLanes}, kLanes, flip);
}
MICA_INLINE void interleave(const uint8_t* p, int64_t, int n, uint8_t flip, int8_t* to) {
  for (int j = 0; j < kLanes; ++j) to[j] = j < n ? static_cast<int8_t>(p[j] ^ flip) : int8_t{0};
}
MICA_INLINE Ints dot(Ints sum, Ints row, Ints columns) {
  return {vmlaq_s32(sum.v, row.v, columns.v)};
}

inline constexpr bool kNativePairs = false;

MICA_INLINE Vec dot_pairs(Vec sum, Vec a, Vec b) {
  const uint32x4_t bits_a = vreinterpretq_u32_f32(a.v), bits_b = vreinterpretq_u32_f32(b.v);
  const uint32x4_t high = vdupq_n_u32(0xffff0000u);
  sum.v =
      vfmaq_f32(sum.v, vreinterpretq_f32_u32(vandq_u32(bits_a, high)), vreinterpretq_f32_u32(vandq_u32(bits_b, high)));
  return {
      vfmaq_f32(sum.v, vreinterpretq_f32_u32(vshlq_n_u32(bits_a, 16)), vreinterpretq_f32_u32(vshlq_n_u32(bits_b, 16)))};
}

}  // namespace mica::isa_neon
