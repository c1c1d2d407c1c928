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
  sum.v = vfmaq_f32(sum.v, vreinterpretq_f32_u32(vandq_u32(bits_a, high)),
                    vreinterpretq_f32_u32(vandq_u32(bits_b, high)));
  return {vfmaq_f32(sum.v, vreinterpretq_f32_u32(vshlq_n_u32(bits_a, 16)),
                    vreinterpretq_f32_u32(vshlq_n_u32(bits_b, 16)))};
}

}  // namespace mica::isa_neon
