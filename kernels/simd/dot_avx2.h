// Pairs of 16-bit products: vpmaddwd adds two of them without loss, where vpmaddubsw, on bytes, would saturate.
#pragma once

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

namespace mica::isa_avx2 {

inline constexpr int kDot = 2;
using RowElement = int16_t;

MICA_INLINE Ints load_row(const RowElement* p) {
  int32_t pair;
  memcpy(&pair, p, sizeof(pair));
  return splat_ints(pair);
}
MICA_INLINE Ints load_columns(const int8_t* p) {
  return {_mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))};
}
MICA_INLINE Ints load_sums(const int32_t* p) {
  return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))};
}
MICA_INLINE Vec to_floats(Ints a) {
  return {_mm256_cvtepi32_ps(a.v)};
}
template <int bits>
MICA_INLINE Ints shifted(Ints a) {
  return {_mm256_srli_epi32(a.v, bits)};
}
MICA_INLINE Ints operator&(Ints a, Ints b) {
  return {_mm256_and_si256(a.v, b.v)};
}
MICA_INLINE Vec low_nibbles(Ints a) {
  return to_floats(a & splat_ints(15));
}
MICA_INLINE Vec low_bytes(Ints a) {
  return to_floats(a & splat_ints(255));
}
inline constexpr int kMostByte = 128;  // sums of two products are kept in 16 bits for a while
MICA_INLINE Ints dot_bytes(Ints sum, Ints a, Ints b) {
  const __m256i pairs = _mm256_maddubs_epi16(a.v, b.v);
  return {_mm256_add_epi32(sum.v, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))};
}
MICA_INLINE Ints lanes_of_rows(const uint8_t* const (&p)[kDot], int n, uint8_t flip) {
  const __m128i a = n == kLanes ? load_bytes(p[0]) : load_bytes(p[0], n);
  const __m128i b = n == kLanes ? load_bytes(p[1]) : load_bytes(p[1], n);
  return {_mm256_cvtepu8_epi16(_mm_xor_si128(_mm_unpacklo_epi8(a, b), _mm_set1_epi8(static_cast<char>(flip))))};
}
MICA_INLINE void interleave(const uint8_t* p, int64_t stride, int n, uint8_t flip, int8_t* to) {
  uint8_t rows[kDot][kLanes] = {};
  if (n < kLanes) {
    for (int d = 0; d < kDot; ++d) {
      for (int j = 0; j < n; ++j) rows[d][j] = static_cast<uint8_t>(p[d * stride + j] ^ flip);
    }
    p = rows[0];
    stride = kLanes;
    flip = 0;
  }
  const __m128i a = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
  const __m128i b = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p + stride));
  const __m128i pairs = _mm_xor_si128(_mm_unpacklo_epi8(a, b), _mm_set1_epi8(static_cast<char>(flip)));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), pairs);
}
MICA_INLINE Ints dot(Ints sum, Ints row, Ints columns) {
  return {_mm256_add_epi32(sum.v, _mm256_madd_epi16(row.v, columns.v))};
}

inline constexpr bool kNativePairs = false;

MICA_INLINE Vec dot_pairs(Vec sum, Vec a, Vec b) {
  const __m256 high = _mm256_castsi256_ps(_mm256_set1_epi32(static_cast<int>(0xffff0000u)));
  const __m256i low_a = _mm256_slli_epi32(_mm256_castps_si256(a.v), 16);
  const __m256i low_b = _mm256_slli_epi32(_mm256_castps_si256(b.v), 16);
  sum.v = _mm256_fmadd_ps(_mm256_and_ps(a.v, high), _mm256_and_ps(b.v, high), sum.v);
  return {_mm256_fmadd_ps(_mm256_castsi256_ps(low_a), _mm256_castsi256_ps(low_b), sum.v)};
}

}  // namespace mica::isa_avx2
