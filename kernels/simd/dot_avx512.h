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
MICA_INLINE Ints dot(Ints sum, Ints row, Ints columns) {
  return {_mm512_add_epi32(sum.v, _mm512_madd_epi16(row.v, columns.v))};
}

}  // namespace mica::isa_avx512
