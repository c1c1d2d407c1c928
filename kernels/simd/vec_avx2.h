// Eight floats: AVX2 with FMA and F16C, as of Haswell and Zen.
// isa: avx2
// arch: x86_64
// flags: -mavx2 -mfma -mf16c
// needs: avx2 fma f16c
// rank: 2
#pragma once

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

namespace mica::isa_avx2 {

inline constexpr int kLanes = 8;
inline constexpr int kRegisters = 16;
inline constexpr bool kMasks = false;

struct Vec {
  __m256 v;
};
struct Mask {
  __m256 v;  // all bits of a lane, or none
};

struct Ints {
  __m256i v;
};
MICA_INLINE Ints splat_ints(int32_t x) {
  return {_mm256_set1_epi32(x)};
}
MICA_INLINE void store_ints(int32_t* p, Ints a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a.v);
}
MICA_INLINE Ints operator+(Ints a, Ints b) {
  return {_mm256_add_epi32(a.v, b.v)};
}

MICA_INLINE Vec splat(float x) {
  return {_mm256_set1_ps(x)};
}
MICA_INLINE __m256i splat_bits(uint32_t x) {
  return _mm256_set1_epi32(static_cast<int>(x));
}
MICA_INLINE __m256i first(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

MICA_INLINE Vec load(const float* p) {
  return {_mm256_loadu_ps(p)};
}
MICA_INLINE Vec load(const float* p, int n) {
  return {_mm256_maskload_ps(p, first(n))};
}
MICA_INLINE void store(float* p, Vec a) {
  _mm256_storeu_ps(p, a.v);
}
MICA_INLINE void store(float* p, Vec a, int n) {
  _mm256_maskstore_ps(p, first(n), a.v);
}

MICA_INLINE Vec from_f16(__m128i h) {
  return {_mm256_cvtph_ps(h)};
}
MICA_INLINE __m128i to_f16(Vec a) {
  return _mm256_cvtps_ph(a.v, _MM_FROUND_TO_NEAREST_INT);
}
MICA_INLINE Vec from_bf16(__m128i h) {
  return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16))};
}
MICA_INLINE __m128i to_bf16(Vec a) {
  const __m256i b = _mm256_castps_si256(a.v);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(b, 16), splat_bits(1));
  const __m256i rounded = _mm256_add_epi32(_mm256_add_epi32(b, splat_bits(0x7fff)), odd);
  const __m256i quiet = _mm256_or_si256(b, splat_bits(0x00400000));
  const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(a.v, a.v, _CMP_UNORD_Q));
  const __m256i words = _mm256_srli_epi32(_mm256_blendv_epi8(rounded, quiet, nan), 16);
  return _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}
MICA_INLINE __m128i load_words(const uint16_t* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}
MICA_INLINE __m128i load_words(const uint16_t* p, int n) {
  uint16_t words[kLanes] = {};
  memcpy(words, p, sizeof(uint16_t) * static_cast<unsigned>(n));
  return load_words(words);
}
MICA_INLINE void store_words(uint16_t* p, __m128i a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), a);
}
MICA_INLINE void store_words(uint16_t* p, __m128i a, int n) {
  uint16_t words[kLanes];
  store_words(words, a);
  memcpy(p, words, sizeof(uint16_t) * static_cast<unsigned>(n));
}

MICA_INLINE Vec load_f16(const uint16_t* p) {
  return from_f16(load_words(p));
}
MICA_INLINE Vec load_f16(const uint16_t* p, int n) {
  return from_f16(load_words(p, n));
}
MICA_INLINE void store_f16(uint16_t* p, Vec a) {
  store_words(p, to_f16(a));
}
MICA_INLINE void store_f16(uint16_t* p, Vec a, int n) {
  store_words(p, to_f16(a), n);
}
MICA_INLINE Vec load_bf16(const uint16_t* p) {
  return from_bf16(load_words(p));
}
MICA_INLINE Vec load_bf16(const uint16_t* p, int n) {
  return from_bf16(load_words(p, n));
}
MICA_INLINE void store_bf16(uint16_t* p, Vec a) {
  store_words(p, to_bf16(a));
}
MICA_INLINE void store_bf16(uint16_t* p, Vec a, int n) {
  store_words(p, to_bf16(a), n);
}

MICA_INLINE __m128i load_bytes(const void* p) {
  return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
}
MICA_INLINE __m128i load_bytes(const void* p, int n) {
  uint8_t bytes[kLanes] = {};
  memcpy(bytes, p, static_cast<unsigned>(n));
  return load_bytes(bytes);
}
MICA_INLINE void store_bytes(void* p, __m128i a) {
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), a);
}
MICA_INLINE void store_bytes(void* p, __m128i a, int n) {
  uint8_t bytes[kLanes];
  store_bytes(bytes, a);
  memcpy(p, bytes, static_cast<unsigned>(n));
}
MICA_INLINE Vec from_u8(__m128i b) {
  return {_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(b))};
}
MICA_INLINE Vec from_s8(__m128i b) {
  return {_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(b))};
}
MICA_INLINE __m128i to_i16(Vec a) {
  const __m256i lanes = _mm256_cvtps_epi32(a.v);
  return _mm_packs_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
}
MICA_INLINE __m128i to_u8(Vec a) {
  return _mm_packus_epi16(to_i16(a), _mm_setzero_si128());
}
MICA_INLINE __m128i to_s8(Vec a) {
  return _mm_packs_epi16(to_i16(a), _mm_setzero_si128());
}

MICA_INLINE Vec load_u8(const uint8_t* p) {
  return from_u8(load_bytes(p));
}
MICA_INLINE Vec load_u8(const uint8_t* p, int n) {
  return from_u8(load_bytes(p, n));
}
MICA_INLINE Vec load_s8(const int8_t* p) {
  return from_s8(load_bytes(p));
}
MICA_INLINE Vec load_s8(const int8_t* p, int n) {
  return from_s8(load_bytes(p, n));
}
MICA_INLINE Vec load_u4(const uint8_t* p) {
  int32_t nibbles;
  memcpy(&nibbles, p, sizeof(nibbles));
  const __m256i places = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28);
  const __m256i shifted = _mm256_srlv_epi32(_mm256_set1_epi32(nibbles), places);
  return {_mm256_cvtepi32_ps(_mm256_and_si256(shifted, splat_bits(15)))};
}
MICA_INLINE void load_u4(const uint8_t* p, Vec& a, Vec& b) {
  a = load_u4(p);
  b = load_u4(p + kLanes / 2);
}
MICA_INLINE Vec load_i32(const int32_t* p) {
  return {_mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
}
MICA_INLINE Vec load_i32(const int32_t* p, int n) {
  return {_mm256_cvtepi32_ps(_mm256_maskload_epi32(p, first(n)))};
}
MICA_INLINE void store_u8(uint8_t* p, Vec a) {
  store_bytes(p, to_u8(a));
}
MICA_INLINE void store_u8(uint8_t* p, Vec a, int n) {
  store_bytes(p, to_u8(a), n);
}
MICA_INLINE void store_s8(int8_t* p, Vec a) {
  store_bytes(p, to_s8(a));
}
MICA_INLINE void store_s8(int8_t* p, Vec a, int n) {
  store_bytes(p, to_s8(a), n);
}

MICA_INLINE Vec operator+(Vec a, Vec b) {
  return {_mm256_add_ps(a.v, b.v)};
}
MICA_INLINE Vec operator-(Vec a, Vec b) {
  return {_mm256_sub_ps(a.v, b.v)};
}
MICA_INLINE Vec operator*(Vec a, Vec b) {
  return {_mm256_mul_ps(a.v, b.v)};
}
MICA_INLINE Vec operator/(Vec a, Vec b) {
  return {_mm256_div_ps(a.v, b.v)};
}
MICA_INLINE Vec operator-(Vec a) {
  return {_mm256_xor_ps(a.v, _mm256_set1_ps(-0.0f))};
}
MICA_INLINE Vec fma(Vec a, Vec b, Vec c) {
  return {_mm256_fmadd_ps(a.v, b.v, c.v)};
}
MICA_INLINE Vec fnma(Vec a, Vec b, Vec c) {
  return {_mm256_fnmadd_ps(a.v, b.v, c.v)};
}
MICA_INLINE Vec min(Vec a, Vec b) {
  return {_mm256_min_ps(a.v, b.v)};
}
MICA_INLINE Vec max(Vec a, Vec b) {
  return {_mm256_max_ps(a.v, b.v)};
}
MICA_INLINE Vec sqrt(Vec a) {
  return {_mm256_sqrt_ps(a.v)};
}
MICA_INLINE Vec abs(Vec a) {
  return {_mm256_andnot_ps(_mm256_set1_ps(-0.0f), a.v)};
}
MICA_INLINE Vec copysign(Vec a, Vec b) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  return {_mm256_or_ps(_mm256_andnot_ps(sign, a.v), _mm256_and_ps(sign, b.v))};
}
MICA_INLINE Vec round(Vec a) {
  return {_mm256_round_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
MICA_INLINE Vec floor(Vec a) {
  return {_mm256_round_ps(a.v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)};
}
MICA_INLINE Vec ceil(Vec a) {
  return {_mm256_round_ps(a.v, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC)};
}
MICA_INLINE Vec trunc(Vec a) {
  return {_mm256_round_ps(a.v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)};
}

MICA_INLINE Mask operator<(Vec a, Vec b) {
  return {_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)};
}
MICA_INLINE Mask operator<=(Vec a, Vec b) {
  return {_mm256_cmp_ps(a.v, b.v, _CMP_LE_OQ)};
}
MICA_INLINE Mask operator==(Vec a, Vec b) {
  return {_mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ)};
}
MICA_INLINE Mask operator&(Mask a, Mask b) {
  return {_mm256_and_ps(a.v, b.v)};
}
MICA_INLINE Mask operator|(Mask a, Mask b) {
  return {_mm256_or_ps(a.v, b.v)};
}
MICA_INLINE Mask operator!(Mask a) {
  return {_mm256_xor_ps(a.v, _mm256_castsi256_ps(splat_bits(0xffffffffu)))};
}
MICA_INLINE bool any(Mask a) {
  return _mm256_movemask_ps(a.v) != 0;
}
MICA_INLINE Vec select(Mask m, Vec a, Vec b) {
  return {_mm256_blendv_ps(b.v, a.v, m.v)};
}

MICA_INLINE Mask from_bytes(__m128i bytes) {
  return {_mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_cvtepu8_epi32(bytes), _mm256_setzero_si256()))};
}
MICA_INLINE __m128i to_bytes(Mask a) {
  const __m256i lanes = _mm256_castps_si256(a.v);
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
  return _mm_and_si128(_mm_packs_epi16(words, words), _mm_set1_epi8(1));
}
MICA_INLINE Mask load_bools(const uint8_t* p) {
  return from_bytes(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
}
MICA_INLINE Mask load_bools(const uint8_t* p, int n) {
  uint8_t bytes[kLanes] = {};
  memcpy(bytes, p, static_cast<unsigned>(n));
  return load_bools(bytes);
}
MICA_INLINE void store_bools(uint8_t* p, Mask a) {
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), to_bytes(a));
}
MICA_INLINE void store_bools(uint8_t* p, Mask a, int n) {
  uint8_t bytes[kLanes];
  store_bools(bytes, a);
  memcpy(p, bytes, static_cast<unsigned>(n));
}

MICA_INLINE __m256 power2(__m256i n) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, splat_bits(127)), 23));
}
MICA_INLINE Vec scale2(Vec a, Vec n) {
  const __m256i whole = _mm256_cvtps_epi32(n.v);
  const __m256i half = _mm256_srai_epi32(whole, 1);  // in two steps, of which only the second can round
  return {_mm256_mul_ps(_mm256_mul_ps(a.v, power2(half)), power2(_mm256_sub_epi32(whole, half)))};
}
// The bits of a, subnormals scaled by 2^23, and a quarter added: mantissas from 1.5 on move to the next exponent.
struct Parts {
  __m256 subnormal;
  __m256i bits, moved;
};
MICA_INLINE Parts parts(Vec a) {
  const __m256 subnormal = _mm256_cmp_ps(a.v, _mm256_set1_ps(0x1p-126f), _CMP_LT_OQ);
  const __m256 scaled = _mm256_mul_ps(a.v, _mm256_set1_ps(0x1p23f));
  const __m256i b = _mm256_castps_si256(_mm256_blendv_ps(a.v, scaled, subnormal));
  return {subnormal, b, _mm256_add_epi32(b, splat_bits(0x00400000))};
}
MICA_INLINE Vec exponent(Vec a) {
  const Parts p = parts(a);
  const __m256 e = _mm256_cvtepi32_ps(_mm256_srli_epi32(p.moved, 23));
  return {_mm256_sub_ps(e, _mm256_blendv_ps(_mm256_set1_ps(127.0f), _mm256_set1_ps(150.0f), p.subnormal))};
}
MICA_INLINE Vec mantissa(Vec a) {
  const Parts p = parts(a);
  const __m256i power = _mm256_and_si256(p.moved, splat_bits(0xff800000u));
  return {_mm256_castsi256_ps(_mm256_add_epi32(_mm256_sub_epi32(p.bits, power), splat_bits(0x3f800000)))};
}

MICA_INLINE float sum(Vec a) {
  __m128 q = _mm_add_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  q = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(q, _mm_movehdup_ps(q)));
}
MICA_INLINE float highest(Vec a) {
  __m128 q = _mm_max_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  q = _mm_max_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_max_ss(q, _mm_movehdup_ps(q)));
}
MICA_INLINE float lowest(Vec a) {
  __m128 q = _mm_min_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  q = _mm_min_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_min_ss(q, _mm_movehdup_ps(q)));
}

MICA_INLINE void transpose(Vec (&r)[kLanes]) {
  __m256 pairs[kLanes], quads[kLanes];
#pragma GCC unroll 4
  for (int i = 0; i < kLanes; i += 2) {
    pairs[i] = _mm256_unpacklo_ps(r[i].v, r[i + 1].v);
    pairs[i + 1] = _mm256_unpackhi_ps(r[i].v, r[i + 1].v);
  }
#pragma GCC unroll 2
  for (int i = 0; i < kLanes; i += 4) {
    quads[i] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
    quads[i + 1] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0xee);
    quads[i + 2] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
    quads[i + 3] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int i = 0; i < kLanes / 2; ++i) {
    r[i].v = _mm256_permute2f128_ps(quads[i], quads[i + 4], 0x20);
    r[i + 4].v = _mm256_permute2f128_ps(quads[i], quads[i + 4], 0x31);
  }
}

}  // namespace mica::isa_avx2
