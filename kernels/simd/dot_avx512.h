// Pairs of 16-bit products, as with AVX2.
#pragma once

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

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
MICA_INLINE Ints load_sums(const int32_t* p) {
  return {_mm512_loadu_si512(p)};
}
MICA_INLINE void interleave(const uint8_t* p, int64_t stride, int n, uint8_t flip, int8_t* to) {
  const __m128i flips = _mm_maskz_set1_epi8(first(n), static_cast<char>(flip));
  const __m128i a = _mm_xor_si128(_mm_maskz_loadu_epi8(first(n), p), flips);
  const __m128i b = _mm_xor_si128(_mm_maskz_loadu_epi8(first(n), p + stride), flips);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_unpacklo_epi8(a, b));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 16), _mm_unpackhi_epi8(a, b));
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
