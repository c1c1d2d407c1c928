// Integers of AVX-512, as the sums of products that kernels/simd/dot.h describes use them.
#pragma once

#include <immintrin.h>
#include <stdint.h>

namespace mica::MICA_ISA {

MICA_INLINE Ints load_sums(const int32_t* p) {
  return {_mm512_loadu_si512(p)};
}
MICA_INLINE Vec to_floats(Ints a) {
  return from_ints(a.v);
}
struct Bytes4 {
  __m512i v;
};
MICA_INLINE Bytes4 pack_quad(Vec a, Vec b, Vec c, Vec d, int32_t zero, bool is_signed) {
  // What is larger becomes the least integer when it is converted, as NaN does, which goes through here.
  const __m512 most = _mm512_set1_ps(0x1p16f);
  const auto ints = [&](Vec x) { return _mm512_maskz_cvtps_epi32(kAll, _mm512_maskz_min_ps(kAll, most, x.v)); };
  const __m512i zeros = _mm512_set1_epi16(static_cast<int16_t>(zero));
  const __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(ints(a), ints(b)), zeros);
  const __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(ints(c), ints(d)), zeros);
  return {is_signed ? _mm512_packs_epi16(low, high) : _mm512_packus_epi16(low, high)};
}
MICA_INLINE Bytes4 pack_four(Vec a, Vec b, Vec c, Vec d, int32_t zero, bool is_signed) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return {_mm512_maskz_permutexvar_epi32(kAll, order, pack_quad(a, b, c, d, zero, is_signed).v)};
}
template <int parts, int i>
MICA_INLINE void store_part(uint8_t* p, Bytes4 bytes) {
  if constexpr (parts == 2) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_maskz_extracti64x4_epi64(0xff, bytes.v, i));
  } else {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_maskz_extracti32x4_epi32(0xff, bytes.v, i));
  }
}
template <int i>
MICA_INLINE void store_half(uint8_t* p, Bytes4 bytes, int n) {
  const __mmask32 lanes = static_cast<__mmask32>((uint64_t{1} << n) - 1);
  _mm256_mask_storeu_epi8(p, lanes, _mm512_maskz_extracti64x4_epi64(0xff, bytes.v, i));
}
template <int bits>
MICA_INLINE Ints shifted(Ints a) {
  return {_mm512_maskz_srli_epi32(kAll, a.v, bits)};
}
MICA_INLINE Ints operator&(Ints a, Ints b) {
  return {_mm512_and_si512(a.v, b.v)};
}
MICA_INLINE Vec low_nibbles(Ints a) {
  const __m512 numbers = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return {_mm512_maskz_permutexvar_ps(kAll, a.v, numbers)};
}
MICA_INLINE Vec low_bytes(Ints a) {
  return to_floats(a & splat_ints(255));
}

}  // namespace mica::MICA_ISA
