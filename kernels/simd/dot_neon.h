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
MICA_INLINE Ints dot(Ints sum, Ints row, Ints columns) {
  return {vmlaq_s32(sum.v, row.v, columns.v)};
}

}  // namespace mica::isa_neon
