// Threads that work on one row together: a warp, or a whole block (see over_rows in grid.h).
#pragma once

#include "kernels/cuda/launch.cuh"

namespace mica::cuda {

/// Most threads of the blocks that over_rows makes. Kernels of teams state it as their launch bound, so that whatever
/// compiler of the driver translates them leaves enough registers for that many.
inline constexpr int kMostTeamThreads = 1024;

/// The value of the lane whose number differs in the bits of `lanes`. T is one or more 32-bit words.
template <class T>
__device__ T shuffle_xor(T value, int lanes) {
  constexpr int kWords = sizeof(T) / sizeof(unsigned);
  union {
    T whole;
    unsigned words[kWords];
  } bits{value};
  for (int i = 0; i < kWords; ++i) bits.words[i] = __shfl_xor_sync(0xffffffffu, bits.words[i], lanes);
  return bits.whole;
}

/// What merge(value, other) makes of the values of all lanes of a warp, for each of them.
template <class T, class Merge>
__device__ T warp_merge(T value, Merge merge) {
  for (int lanes = 16; lanes > 0; lanes /= 2) merge(value, shuffle_xor(value, lanes));
  return value;
}

template <bool whole_block>
struct Team {
  /// Number of the first row of this thread's team, and how many rows are between those it takes.
  __device__ static int64_t first_row() {
    return whole_block ? blockIdx.x : static_cast<int64_t>(blockIdx.x) * (blockDim.x / kWarp) + threadIdx.x / kWarp;
  }
  __device__ static int64_t row_stride() {
    return whole_block ? gridDim.x : static_cast<int64_t>(gridDim.x) * (blockDim.x / kWarp);
  }
  __device__ static int64_t lane() { return whole_block ? threadIdx.x : threadIdx.x % kWarp; }
  __device__ static int64_t lanes() { return whole_block ? blockDim.x : kWarp; }

  /// What merge(value, other) makes of the values of all the team's threads, for each of them; all call it together.
  /// `neutral` changes nothing when merged.
  template <class T, class Merge>
  __device__ static T all(T value, T neutral, Merge merge) {
    value = warp_merge(value, merge);
    if constexpr (whole_block) {
      __shared__ T partial[kWarp];
      const unsigned warp = threadIdx.x / kWarp, lane = threadIdx.x % kWarp;
      __syncthreads();  // the block may still read what the call before left
      if (lane == 0) partial[warp] = value;
      __syncthreads();
      value = lane < blockDim.x / kWarp ? partial[lane] : neutral;
      value = warp_merge(value, merge);
    }
    return value;
  }
};

template <class T>
struct Plus {
  __device__ void operator()(T& a, T b) const { a += b; }
};

/// Sum and scale of exponentials: sum over x of exp(x - highest).
template <class T>
struct Exponentials {
  T highest, sum;
};
template <class T>
struct MergeExponentials {
  __device__ void operator()(Exponentials<T>& a, Exponentials<T> b) const {
    if (b.highest > a.highest) {
      const Exponentials<T> swapped = a;
      a = b;
      b = swapped;
    }
    if (b.sum == 0) return;
    a.sum += b.highest == a.highest ? b.sum : b.sum * exp(b.highest - a.highest);  // both may be infinite
  }
};

}  // namespace mica::cuda
