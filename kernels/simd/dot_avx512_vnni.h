// Groups of four products of bytes, unsigned by signed: vpdpbusd adds them up without saturation.
#pragma once

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

namespace mica::isa_avx512_vnni {

inline constexpr int kDot = 4;
using RowElement = uint8_t;

MICA_INLINE Ints load_row(const RowElement* p) {
  int32_t group;
  memcpy(&group, p, sizeof(group));
  return splat_ints(group);
}
MICA_INLINE Ints load_columns(const int8_t* p) {
  return {_mm512_loadu_si512(p)};
}
MICA_INLINE Ints dot(Ints sum, Ints row, Ints columns) {
  return {_mm512_dpbusd_epi32(sum.v, row.v, columns.v)};
}

}  // namespace mica::isa_avx512_vnni
