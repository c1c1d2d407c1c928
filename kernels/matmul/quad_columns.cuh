// Fragments of a product as neighbours in memory.
#pragma once

#include "kernels/cuda/eight.cuh"
#include "kernels/cuda/team.cuh"

namespace mica::cuda {

/// Of four words a lane, those of a group of four lanes: lane t gets the t-th of each, in the order of the lanes. T is
/// one or more 32-bit words.
template <class T>
__device__ __forceinline__ void transpose_quad(T (&words)[4]) {
#pragma unroll
  for (int bit = 1; bit <= 2; bit *= 2) {
    const bool upper = (threadIdx.x & bit) != 0;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if ((i & bit) != 0) continue;
      const T received = shuffle_xor(upper ? words[i] : words[i | bit], bit);
      words[i] = upper ? received : words[i];
      words[i | bit] = upper ? words[i | bit] : received;
    }
  }
}

/// Eight neighbours of sums of bytes.
struct EightInts {
  int32_t of[8];
};

namespace detail {

template <class Values, class W>
__device__ Values quad_columns(const W* fragments, int half) {
  struct Pair {
    W of[2];
  };
  Pair pairs[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) pairs[i] = {fragments[4 * i + 2 * half], fragments[4 * i + 2 * half + 1]};
  transpose_quad(pairs);
  return {{pairs[0].of[0], pairs[0].of[1], pairs[1].of[0], pairs[1].of[1], pairs[2].of[0], pairs[2].of[1],
           pairs[3].of[0], pairs[3].of[1]}};
}

}  // namespace detail

/// What the lanes have of row g (half 0) or g + 8 (half 1) of four 16 x 8 fragments beside each other
/// (kernels/cuda/mma.cuh), as eight neighbours: the lanes of a group of four exchange them, after which lane t of it
/// has columns 8 t to 8 t + 7 of the 32. `fragments[4 * i]` is where the i-th begins.
__device__ inline Eight quad_columns(const float* fragments, int half) {
  return detail::quad_columns<Eight>(fragments, half);
}
__device__ inline EightInts quad_columns(const int32_t* fragments, int half) {
  return detail::quad_columns<EightInts>(fragments, half);
}

}  // namespace mica::cuda
