// AVX-512 with sums of products of pairs of bfloat16 (BF16), as of Cooper Lake and Zen 4. Floats are those of
// vec_avx512.h.
// isa: avx512_bf16
// arch: x86_64
// extends: avx512_vnni
// flags: -mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx512vnni -mavx512bf16 -mavx2 -mfma -mf16c
// needs: avx512_bf16 avx512_vnni avx512f avx512dq avx512bw avx512vl avx2 fma f16c
// rank: 5
#pragma once

#include "kernels/simd/vec_avx512.h"
