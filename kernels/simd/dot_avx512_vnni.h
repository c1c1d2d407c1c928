// Groups of four products of bytes, unsigned by signed: vpdpbusd adds them up without saturation.
#pragma once

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "kernels/simd/ints_avx512.h"

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
inline constexpr int kMostByte = 255;
MICA_INLINE Ints dot_bytes(Ints sum, Ints a, Ints b) {
  return {_mm512_dpbusd_epi32(sum.v, a.v, b.v)};
}
MICA_INLINE Ints lanes_of_rows(const uint8_t* const (&p)[kDot], int n, uint8_t flip) {
  const __mmask16 some = first(n);
  __m512i rows = _mm512_castsi128_si512(_mm_maskz_loadu_epi8(some, p[0]));
  rows = _mm512_inserti32x4(rows, _mm_maskz_loadu_epi8(some, p[1]), 1);
  rows = _mm512_inserti32x4(rows, _mm_maskz_loadu_epi8(some, p[2]), 2);
  rows = _mm512_inserti32x4(rows, _mm_maskz_loadu_epi8(some, p[3]), 3);
  rows = _mm512_xor_si512(rows, _mm512_maskz_broadcast_i32x4(kAll, _mm_maskz_set1_epi8(some, static_cast<char>(flip))));
  // Four columns of four rows come together in each quarter, and are transposed there.
  const __m512i quarters = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m128i square = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  rows = _mm512_maskz_permutexvar_epi32(kAll, quarters, rows);
  return {_mm512_shuffle_epi8(rows, _mm512_maskz_broadcast_i32x4(kAll, square))};
}
MICA_INLINE void quads_of_rows(const uint8_t* const (&p)[kDot], uint8_t flip, Ints (&to)[4]) {
  const __m512i flips = _mm512_set1_epi8(static_cast<char>(flip));
  const __m512i a = _mm512_loadu_si512(p[0]), b = _mm512_loadu_si512(p[1]);
  const __m512i c = _mm512_loadu_si512(p[2]), d = _mm512_loadu_si512(p[3]);
  const auto pairs = [&](bool high, __m512i x, __m512i y) {
    return _mm512_xor_si512(high ? _mm512_unpackhi_epi8(x, y) : _mm512_unpacklo_epi8(x, y), flips);
  };
  to[0].v = _mm512_unpacklo_epi16(pairs(false, a, b), pairs(false, c, d));
  to[1].v = _mm512_unpackhi_epi16(pairs(false, a, b), pairs(false, c, d));
  to[2].v = _mm512_unpacklo_epi16(pairs(true, a, b), pairs(true, c, d));
  to[3].v = _mm512_unpackhi_epi16(pairs(true, a, b), pairs(true, c, d));
}
MICA_INLINE void interleave(const uint8_t* p, int64_t stride, int n, uint8_t flip, int8_t* to) {
  const uint8_t* const rows[kDot] = {p, p + stride, p + 2 * stride, p + 3 * stride};
  _mm512_storeu_si512(to, lanes_of_rows(rows, n, flip).v);
}
MICA_INLINE Ints dot(Ints sum, Ints row, Ints columns) {
  return {_mm512_dpbusd_epi32(sum.v, row.v, columns.v)};
}

}  // namespace mica::isa_avx512_vnni
