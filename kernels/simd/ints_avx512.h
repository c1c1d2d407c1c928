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
