// AVX-512 with sums of products of bytes (VNNI), as of Cascade Lake and Zen 4. Floats are those of vec_avx512.h.
// isa: avx512_vnni
// arch: x86_64
// extends: avx512
// flags: -mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx512vnni -mavx2 -mfma -mf16c
// needs: avx512_vnni avx512f avx512dq avx512bw avx512vl avx2 fma f16c
// rank: 4
#pragma once

#include "kernels/simd/vec_avx512.h"
