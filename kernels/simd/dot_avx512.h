// Pairs of 16-bit products, as with AVX2.
#pragma once

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "kernels/simd/ints_avx512.h"

namespace mica::isa_avx512 {

inline constexpr int kDot = 2;
using RowElement = int16_t;

MICA_INLINE Ints load_row(const RowElement* p) {
  int32_t pair;
  memcpy(&pair, p, sizeof(pair));
  return splat_ints(pair);
}
MICA_INLINE Ints load_columns(const int8_t* p) {
  return {_mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
}
inline constexpr int kMostByte = 128;  // sums of two products are kept in 16 bits for a while
MICA_INLINE Ints dot_bytes(Ints sum, Ints a, Ints b) {
  const __m512i pairs = _mm512_maddubs_epi16(a.v, b.v);
  return {_mm512_add_epi32(sum.v, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)))};
}
// Pairs of bytes of two rows, exclusive-or `flip` in the first n lanes.
MICA_INLINE __m256i pairs_of_rows(const uint8_t* p, const uint8_t* q, int n, uint8_t flip) {
  const __m128i flips = _mm_maskz_set1_epi8(first(n), static_cast<char>(flip));
  const __m128i a = _mm_xor_si128(_mm_maskz_loadu_epi8(first(n), p), flips);
  const __m128i b = _mm_xor_si128(_mm_maskz_loadu_epi8(first(n), q), flips);
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_unpacklo_epi8(a, b)), _mm_unpackhi_epi8(a, b), 1);
}
MICA_INLINE Ints lanes_of_rows(const uint8_t* const (&p)[kDot], int n, uint8_t flip) {
  return {_mm512_cvtepu8_epi16(pairs_of_rows(p[0], p[1], n, flip))};
}
MICA_INLINE void quads_of_rows(const uint8_t* const (&p)[kDot], uint8_t flip, Ints (&to)[4]) {
  const __m512i flips = _mm512_set1_epi8(static_cast<char>(flip)), none = _mm512_setzero_si512();
  const __m512i a = _mm512_loadu_si512(p[0]), b = _mm512_loadu_si512(p[1]);
  const __m512i low = _mm512_xor_si512(_mm512_unpacklo_epi8(a, b), flips);
  const __m512i high = _mm512_xor_si512(_mm512_unpackhi_epi8(a, b), flips);
  to[0].v = _mm512_unpacklo_epi8(low, none);
  to[1].v = _mm512_unpackhi_epi8(low, none);
  to[2].v = _mm512_unpacklo_epi8(high, none);
  to[3].v = _mm512_unpackhi_epi8(high, none);
}
MICA_INLINE void interleave(const uint8_t* p, int64_t stride, int n, uint8_t flip, int8_t* to) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), pairs_of_rows(p, p + stride, n, flip));
}
MICA_INLINE Ints dot(Ints sum, Ints row, Ints columns) {
  return {_mm512_add_epi32(sum.v, _mm512_madd_epi16(row.v, columns.v))};
}

inline constexpr bool kNativePairs = false;

MICA_INLINE Vec dot_pairs(Vec sum, Vec a, Vec b) {
  const __m512 high = _mm512_castsi512_ps(splat_bits(0xffff0000u));
  const __m512i low_a = _mm512_maskz_slli_epi32(kAll, _mm512_castps_si512(a.v), 16);
  const __m512i low_b = _mm512_maskz_slli_epi32(kAll, _mm512_castps_si512(b.v), 16);
  sum.v = _mm512_fmadd_ps(_mm512_maskz_and_ps(kAll, a.v, high), _mm512_maskz_and_ps(kAll, b.v, high), sum.v);
  return {_mm512_fmadd_ps(_mm512_castsi512_ps(low_a), _mm512_castsi512_ps(low_b), sum.v)};
}

}  // namespace mica::isa_avx512
