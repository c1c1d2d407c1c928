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
struct Bytes4 {
  __m256i v;
};
MICA_INLINE Bytes4 pack_quad(Vec a, Vec b, Vec c, Vec d, int32_t zero, bool is_signed) {
  // What is larger becomes the least integer when it is converted, as NaN does, which goes through here.
  const __m256 most = _mm256_set1_ps(0x1p16f);
  const auto ints = [&](Vec x) { return _mm256_cvtps_epi32(_mm256_min_ps(most, x.v)); };
  const __m256i zeros = _mm256_set1_epi16(static_cast<int16_t>(zero));
  const __m256i low = _mm256_adds_epi16(_mm256_packs_epi32(ints(a), ints(b)), zeros);
  const __m256i high = _mm256_adds_epi16(_mm256_packs_epi32(ints(c), ints(d)), zeros);
  return {is_signed ? _mm256_packs_epi16(low, high) : _mm256_packus_epi16(low, high)};
}
MICA_INLINE Bytes4 pack_four(Vec a, Vec b, Vec c, Vec d, int32_t zero, bool is_signed) {
  const __m256i bytes = pack_quad(a, b, c, d, zero, is_signed).v;
  return {_mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))};
}
MICA_INLINE void quads_of_rows(const uint8_t* const (&p)[kDot], uint8_t flip, Ints (&to)[4]) {
  const __m256i flips = _mm256_set1_epi8(static_cast<char>(flip)), none = _mm256_setzero_si256();
  const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p[0]));
  const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p[1]));
  const __m256i low = _mm256_xor_si256(_mm256_unpacklo_epi8(a, b), flips);
  const __m256i high = _mm256_xor_si256(_mm256_unpackhi_epi8(a, b), flips);
  to[0].v = _mm256_unpacklo_epi8(low, none);
  to[1].v = _mm256_unpackhi_epi8(low, none);
  to[2].v = _mm256_unpacklo_epi8(high, none);
  to[3].v = _mm256_unpackhi_epi8(high, none);
}
template <int parts, int i>
MICA_INLINE void store_part(uint8_t* p, Bytes4 bytes) {
  const __m128i half = _mm256_extracti128_si256(bytes.v, parts == 2 ? i : i / 2);
  if constexpr (parts == 2) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), half);
  } else {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), i % 2 == 0 ? half : _mm_unpackhi_epi64(half, half));
  }
}
template <int i>
MICA_INLINE void store_half(uint8_t* p, Bytes4 bytes, int n) {
  uint8_t all[2 * kLanes];
  store_part<2, i>(all, bytes);
  memcpy(p, all, static_cast<unsigned>(n));
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
