// Pairs of products of bfloat16: vdpbf16ps adds them up. Bytes are those of the set that this one extends.
#pragma once

#include <immintrin.h>

namespace mica::isa_avx512_bf16 {

inline constexpr bool kNativePairs = true;

MICA_INLINE Vec dot_pairs(Vec sum, Vec a, Vec b) {
  return {_mm512_dpbf16_ps(sum.v, __builtin_bit_cast(__m512bh, a.v), __builtin_bit_cast(__m512bh, b.v))};
}

}  // namespace mica::isa_avx512_bf16
