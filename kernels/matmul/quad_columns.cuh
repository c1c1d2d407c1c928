// Fragments of a product as neighbours in memory.
#pragma once

#include "kernels/cuda/eight.cuh"
#include "kernels/cuda/team.cuh"

namespace mica::cuda {

/// What the lanes have of row g (half 0) or g + 8 (half 1) of four 16 x 8 fragments beside each other
/// (kernels/cuda/mma.cuh), as eight neighbours: the lanes of a group of four exchange them, after which lane t of it
/// has columns 8 t to 8 t + 7 of the 32. `fragments[4 * i]` is where the i-th begins.
__device__ inline Eight quad_columns(const float* fragments, int half) {
  const int lane = threadIdx.x % 4;
  float pairs[4][2];
#pragma unroll
  for (int i = 0; i < 4; ++i) {
#pragma unroll
    for (int j = 0; j < 2; ++j) pairs[i][j] = fragments[4 * i + 2 * half + j];
  }
#pragma unroll
  for (int bit = 1; bit <= 2; bit *= 2) {
    const bool upper = (lane & bit) != 0;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if ((i & bit) != 0) continue;
#pragma unroll
      for (int j = 0; j < 2; ++j) {
        const float received = shuffle_xor(upper ? pairs[i][j] : pairs[i | bit][j], bit);
        pairs[i][j] = upper ? received : pairs[i][j];
        pairs[i | bit][j] = upper ? pairs[i | bit][j] : received;
      }
    }
  }
  return {{pairs[0][0], pairs[0][1], pairs[1][0], pairs[1][1], pairs[2][0], pairs[2][1], pairs[3][0], pairs[3][1]}};
}

}  // namespace mica::cuda
