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
    typedef uint32_t Bits __attribute__((vector_size(16)));
    const Bits x = reinterpret_cast<Bits>(a), y = reinterpret_cast<Bits>(b);
    sum = reinterpret_cast<V>(x & 0xffff0000u) * reinterpret_cast<V>(y & 0xffff0000u) + sum;
    return reinterpret_cast<V>(x << 16) * reinterpret_cast<V>(y << 16) + sum;
  }
};

using PairVector = PairVectorOf<kLanes>;
constexpr int kPairRows = kLanes > 1 ? kRows : 1;

MICA_SIMD_TABLE(TileKernels, bf16_tile_kernels) = {
    .lanes = PairVector::kLanes,
    .rows = kPairRows,
    .shapes = all_shapes<PairVector, kPairRows>(),
};

}  // namespace mica::MICA_ISA
