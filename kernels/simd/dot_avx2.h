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
MICA_INLINE Ints dot(Ints sum, Ints row, Ints columns) {
  return {_mm256_add_epi32(sum.v, _mm256_madd_epi16(row.v, columns.v))};
}

}  // namespace mica::isa_avx2
