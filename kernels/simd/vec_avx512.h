// Sixteen floats: AVX-512 as of Skylake-X and Zen 4.
// isa: avx512
// arch: x86_64
// flags: -mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx2 -mfma -mf16c
// needs: avx512f avx512dq avx512bw avx512vl avx2 fma f16c
// rank: 3
#pragma once

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

namespace mica::MICA_ISA {

inline constexpr int kLanes = 16;
inline constexpr int kRegisters = 32;
inline constexpr bool kMasks = true;

struct Vec {
  __m512 v;
};
struct Mask {
  __mmask16 v;
};

struct Ints {
  __m512i v;
};
MICA_INLINE Ints splat_ints(int32_t x) {
  return {_mm512_set1_epi32(x)};
}
MICA_INLINE void store_ints(int32_t* p, Ints a) {
  _mm512_storeu_si512(p, a.v);
}
MICA_INLINE Ints operator+(Ints a, Ints b) {
  return {_mm512_add_epi32(a.v, b.v)};
}

MICA_INLINE Vec splat(float x) {
  return {_mm512_set1_ps(x)};
}
MICA_INLINE __m512i splat_bits(uint32_t x) {
  return _mm512_set1_epi32(static_cast<int>(x));
}
MICA_INLINE __mmask16 first(int n) {
  return static_cast<__mmask16>((1u << n) - 1u);
}

MICA_INLINE Vec load(const float* p) {
  return {_mm512_loadu_ps(p)};
}
MICA_INLINE Vec load(const float* p, int n) {
  return {_mm512_maskz_loadu_ps(first(n), p)};
}
MICA_INLINE void store(float* p, Vec a) {
  _mm512_storeu_ps(p, a.v);
}
MICA_INLINE void store(float* p, Vec a, int n) {
  _mm512_mask_storeu_ps(p, first(n), a.v);
}

// The zero-masked forms of some intrinsics are used with all lanes on: the plain ones read an undefined register, of
// which GCC 12 warns.
inline constexpr __mmask16 kAll = 0xffff;

MICA_INLINE Vec from_f16(__m256i h) {
  return {_mm512_maskz_cvtph_ps(kAll, h)};
}
MICA_INLINE __m256i to_f16(Vec a) {
  return _mm512_maskz_cvtps_ph(kAll, a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
MICA_INLINE Vec from_bf16(__m256i h) {
  return {_mm512_castsi512_ps(_mm512_maskz_slli_epi32(kAll, _mm512_maskz_cvtepu16_epi32(kAll, h), 16))};
}
MICA_INLINE __m256i to_bf16(Vec a) {
  const __m512i b = _mm512_castps_si512(a.v);
  const __m512i odd = _mm512_and_si512(_mm512_maskz_srli_epi32(kAll, b, 16), splat_bits(1));
  const __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(b, splat_bits(0x7fff)), odd);
  const __m512i quiet = _mm512_or_si512(b, splat_bits(0x00400000));
  const __mmask16 nan = _mm512_cmp_ps_mask(a.v, a.v, _CMP_UNORD_Q);
  const __m512i words = _mm512_maskz_srli_epi32(kAll, _mm512_mask_mov_epi32(rounded, nan, quiet), 16);
  return _mm512_maskz_cvtepi32_epi16(kAll, words);
}

MICA_INLINE Vec load_f16(const uint16_t* p) {
  return from_f16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
MICA_INLINE Vec load_f16(const uint16_t* p, int n) {
  return from_f16(_mm256_maskz_loadu_epi16(first(n), p));
}
MICA_INLINE void store_f16(uint16_t* p, Vec a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), to_f16(a));
}
MICA_INLINE void store_f16(uint16_t* p, Vec a, int n) {
  _mm256_mask_storeu_epi16(p, first(n), to_f16(a));
}
MICA_INLINE Vec load_bf16(const uint16_t* p) {
  return from_bf16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
MICA_INLINE Vec load_bf16(const uint16_t* p, int n) {
  return from_bf16(_mm256_maskz_loadu_epi16(first(n), p));
}
MICA_INLINE void store_bf16(uint16_t* p, Vec a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), to_bf16(a));
}
MICA_INLINE void store_bf16(uint16_t* p, Vec a, int n) {
  _mm256_mask_storeu_epi16(p, first(n), to_bf16(a));
}

MICA_INLINE Vec from_ints(__m512i a) {
  return {_mm512_maskz_cvtepi32_ps(kAll, a)};
}
MICA_INLINE __m128i to_bytes(Vec a) {
  return _mm512_maskz_cvtepi32_epi8(kAll, _mm512_maskz_cvtps_epi32(kAll, a.v));
}

MICA_INLINE Vec load_u8(const uint8_t* p) {
  return from_ints(_mm512_maskz_cvtepu8_epi32(kAll, _mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
MICA_INLINE Vec load_u8(const uint8_t* p, int n) {
  return from_ints(_mm512_maskz_cvtepu8_epi32(kAll, _mm_maskz_loadu_epi8(first(n), p)));
}
MICA_INLINE Vec load_s8(const int8_t* p) {
  return from_ints(_mm512_maskz_cvtepi8_epi32(kAll, _mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
MICA_INLINE Vec load_s8(const int8_t* p, int n) {
  return from_ints(_mm512_maskz_cvtepi8_epi32(kAll, _mm_maskz_loadu_epi8(first(n), p)));
}
MICA_INLINE Vec load_u4(const uint8_t* p) {
  int32_t low;
  int32_t high;
  memcpy(&low, p, sizeof(low));
  memcpy(&high, p + sizeof(low), sizeof(high));
  const __m512i groups = _mm512_mask_set1_epi32(_mm512_set1_epi32(low), 0xff00, high);
  const __m512i places = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 0, 4, 8, 12, 16, 20, 24, 28);
  return from_ints(_mm512_and_si512(_mm512_maskz_srlv_epi32(kAll, groups, places), splat_bits(15)));
}
MICA_INLINE void load_u4(const uint8_t* p, Vec& a, Vec& b) {
  a = load_u4(p);
  b = load_u4(p + kLanes / 2);
}
MICA_INLINE Vec load_i32(const int32_t* p) {
  return from_ints(_mm512_loadu_si512(p));
}
MICA_INLINE Vec load_i32(const int32_t* p, int n) {
  return from_ints(_mm512_maskz_loadu_epi32(first(n), p));
}
MICA_INLINE void store_u8(uint8_t* p, Vec a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), to_bytes(a));
}
MICA_INLINE void store_u8(uint8_t* p, Vec a, int n) {
  _mm_mask_storeu_epi8(p, first(n), to_bytes(a));
}
MICA_INLINE void store_s8(int8_t* p, Vec a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), to_bytes(a));
}
MICA_INLINE void store_s8(int8_t* p, Vec a, int n) {
  _mm_mask_storeu_epi8(p, first(n), to_bytes(a));
}

MICA_INLINE Vec operator+(Vec a, Vec b) {
  return {_mm512_add_ps(a.v, b.v)};
}
MICA_INLINE Vec operator-(Vec a, Vec b) {
  return {_mm512_sub_ps(a.v, b.v)};
}
MICA_INLINE Vec operator*(Vec a, Vec b) {
  return {_mm512_mul_ps(a.v, b.v)};
}
MICA_INLINE Vec operator/(Vec a, Vec b) {
  return {_mm512_div_ps(a.v, b.v)};
}
MICA_INLINE Vec operator-(Vec a) {
  return {_mm512_xor_ps(a.v, _mm512_set1_ps(-0.0f))};
}
MICA_INLINE Vec fma(Vec a, Vec b, Vec c) {
  return {_mm512_fmadd_ps(a.v, b.v, c.v)};
}
MICA_INLINE Vec fnma(Vec a, Vec b, Vec c) {
  return {_mm512_fnmadd_ps(a.v, b.v, c.v)};
}
MICA_INLINE Vec min(Vec a, Vec b) {
  return {_mm512_maskz_min_ps(kAll, a.v, b.v)};
}
MICA_INLINE Vec max(Vec a, Vec b) {
  return {_mm512_maskz_max_ps(kAll, a.v, b.v)};
}
MICA_INLINE Vec sqrt(Vec a) {
  return {_mm512_maskz_sqrt_ps(kAll, a.v)};
}
MICA_INLINE Vec abs(Vec a) {
  return {_mm512_andnot_ps(_mm512_set1_ps(-0.0f), a.v)};
}
MICA_INLINE Vec copysign(Vec a, Vec b) {
  const __m512 sign = _mm512_set1_ps(-0.0f);
  return {_mm512_or_ps(_mm512_andnot_ps(sign, a.v), _mm512_and_ps(sign, b.v))};
}
MICA_INLINE Vec round(Vec a) {
  return {_mm512_maskz_roundscale_ps(kAll, a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
MICA_INLINE Vec floor(Vec a) {
  return {_mm512_maskz_roundscale_ps(kAll, a.v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)};
}
MICA_INLINE Vec ceil(Vec a) {
  return {_mm512_maskz_roundscale_ps(kAll, a.v, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC)};
}
MICA_INLINE Vec trunc(Vec a) {
  return {_mm512_maskz_roundscale_ps(kAll, a.v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)};
}

MICA_INLINE Mask operator<(Vec a, Vec b) {
  return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)};
}
MICA_INLINE Mask operator<=(Vec a, Vec b) {
  return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ)};
}
MICA_INLINE Mask operator==(Vec a, Vec b) {
  return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ)};
}
MICA_INLINE Mask operator&(Mask a, Mask b) {
  return {static_cast<__mmask16>(a.v & b.v)};
}
MICA_INLINE Mask operator|(Mask a, Mask b) {
  return {static_cast<__mmask16>(a.v | b.v)};
}
MICA_INLINE Mask operator!(Mask a) {
  return {static_cast<__mmask16>(~a.v)};
}
MICA_INLINE bool any(Mask a) {
  return a.v != 0;
}
MICA_INLINE Vec select(Mask m, Vec a, Vec b) {
  return {_mm512_mask_blend_ps(m.v, b.v, a.v)};
}

MICA_INLINE Mask load_bools(const uint8_t* p) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return {_mm_test_epi8_mask(bytes, bytes)};
}
MICA_INLINE Mask load_bools(const uint8_t* p, int n) {
  const __m128i bytes = _mm_maskz_loadu_epi8(first(n), p);
  return {_mm_test_epi8_mask(bytes, bytes)};
}
MICA_INLINE void store_bools(uint8_t* p, Mask a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_maskz_set1_epi8(a.v, 1));
}
MICA_INLINE void store_bools(uint8_t* p, Mask a, int n) {
  _mm_mask_storeu_epi8(p, first(n), _mm_maskz_set1_epi8(a.v, 1));
}

MICA_INLINE Vec scale2(Vec a, Vec n) {
  return {_mm512_maskz_scalef_ps(kAll, a.v, n.v)};
}
// exponent: getexp is that of a mantissa in [1, 2), one less when ours lies below 1.
MICA_INLINE Vec mantissa(Vec a) {
  return {_mm512_maskz_getmant_ps(kAll, a.v, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_src)};
}
MICA_INLINE Vec exponent(Vec a) {
  const __m512 e = _mm512_maskz_getexp_ps(kAll, a.v);
  const __mmask16 below_one = _mm512_cmp_ps_mask(mantissa(a).v, _mm512_set1_ps(1.0f), _CMP_LT_OQ);
  return {_mm512_mask_add_ps(e, below_one, e, _mm512_set1_ps(1.0f))};
}

MICA_INLINE __m256 lower(__m512 a) {
  return _mm512_maskz_extractf32x8_ps(0xff, a, 0);
}
MICA_INLINE __m256 upper(__m512 a) {
  return _mm512_maskz_extractf32x8_ps(0xff, a, 1);
}
MICA_INLINE float sum(Vec a) {
  const __m256 h = _mm256_add_ps(lower(a.v), upper(a.v));
  __m128 q = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  q = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(q, _mm_movehdup_ps(q)));
}
MICA_INLINE float highest(Vec a) {
  const __m256 h = _mm256_max_ps(lower(a.v), upper(a.v));
  __m128 q = _mm_max_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  q = _mm_max_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_max_ss(q, _mm_movehdup_ps(q)));
}
MICA_INLINE float lowest(Vec a) {
  const __m256 h = _mm256_min_ps(lower(a.v), upper(a.v));
  __m128 q = _mm_min_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  q = _mm_min_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_min_ss(q, _mm_movehdup_ps(q)));
}

MICA_INLINE void transpose(Vec (&r)[kLanes]) {
  __m512 pairs[kLanes], quads[kLanes], eights[kLanes];
#pragma GCC unroll 8
  for (int i = 0; i < kLanes; i += 2) {
    pairs[i] = _mm512_maskz_unpacklo_ps(kAll, r[i].v, r[i + 1].v);
    pairs[i + 1] = _mm512_maskz_unpackhi_ps(kAll, r[i].v, r[i + 1].v);
  }
#pragma GCC unroll 4
  for (int i = 0; i < kLanes; i += 4) {
    quads[i] = _mm512_maskz_shuffle_ps(kAll, pairs[i], pairs[i + 2], 0x44);
    quads[i + 1] = _mm512_maskz_shuffle_ps(kAll, pairs[i], pairs[i + 2], 0xee);
    quads[i + 2] = _mm512_maskz_shuffle_ps(kAll, pairs[i + 1], pairs[i + 3], 0x44);
    quads[i + 3] = _mm512_maskz_shuffle_ps(kAll, pairs[i + 1], pairs[i + 3], 0xee);
  }
  // A quarter q of quads[4 * g + i] holds column 4 * q + i of rows 4 * g to 4 * g + 3.
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    eights[i] = _mm512_maskz_shuffle_f32x4(kAll, quads[i], quads[i + 4], 0x88);
    eights[i + 4] = _mm512_maskz_shuffle_f32x4(kAll, quads[i], quads[i + 4], 0xdd);
    eights[i + 8] = _mm512_maskz_shuffle_f32x4(kAll, quads[i + 8], quads[i + 12], 0x88);
    eights[i + 12] = _mm512_maskz_shuffle_f32x4(kAll, quads[i + 8], quads[i + 12], 0xdd);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    r[i].v = _mm512_maskz_shuffle_f32x4(kAll, eights[i], eights[i + 8], 0x88);
    r[i + 8].v = _mm512_maskz_shuffle_f32x4(kAll, eights[i], eights[i + 8], 0xdd);
    r[i + 4].v = _mm512_maskz_shuffle_f32x4(kAll, eights[i + 4], eights[i + 12], 0x88);
    r[i + 12].v = _mm512_maskz_shuffle_f32x4(kAll, eights[i + 4], eights[i + 12], 0xdd);
  }
}

}  // namespace mica::MICA_ISA
