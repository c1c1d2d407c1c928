// only: avx512_bf16
// extensions: avx512_bf16
#include "kernels/matmul/bf16_tile_simd.h"
#include "kernels/matmul/tile_loops.h"
#include "kernels/simd/dot.h"

namespace mica::MICA_ISA {

template <int lanes>
struct PairVectorOf : TileVectorOf<lanes> {
  using V = typename TileVectorOf<lanes>::V;
  static MICA_INLINE V multiply_add(V a, V b, V sum) { return dot_pairs(sum, a, b); }
};

template <>
struct PairVectorOf<1> : TileVectorOf<1> {
  static MICA_INLINE V multiply_add(V a, V b, V sum) {
    for (int i = 0; i < kLanes; ++i)
      sum[i] = lowest(dot_pairs(MICA_ISA::splat(sum[i]), MICA_ISA::splat(a[i]), MICA_ISA::splat(b[i])));
    return sum;
  }
};

using PairVector = PairVectorOf<kLanes>;

MICA_SIMD_TABLE(TileKernels, bf16_tile_kernels) = {
    .lanes = PairVector::kLanes,
    .rows = kRows,
    .shapes = all_shapes<PairVector>(),
    .activate = activate,
};

}  // namespace mica::MICA_ISA
