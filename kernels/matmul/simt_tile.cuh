// A tile of a product on the plain arithmetic units, exact to the rounding of its type: a block computes it from tiles
// of the operands that it holds in shared memory, and each thread a part of it in registers. The next tiles are on
// their way from memory while the present ones are multiplied.
#pragma once

#include "kernels/cuda/mma.cuh"

namespace mica::cuda {

/// Four bytes of an operand that are neighbours along k, signed.
struct FourBytes {
  uint32_t word = 0;
};

template <class W>
__device__ void add_product(W& sum, W a, W b) {
  sum += a * b;
}
__device__ inline void add_product(int32_t& sum, FourBytes a, FourBytes b) {
  sum = add_dot(sum, a.word, b.word);
}

/// Side x Side sums of W by threads that each compute a square of `Own` rows and columns, in groups of four neighbours
/// that are spread over the tile, so that the threads of a warp read different banks. Operands are of type Element.
template <class W, int Side, int Own, class Element = W>
struct SimtTile {
  static constexpr int kDepth = 16;  // of the tiles of the operands, along k
  static constexpr int kAcross = Side / Own;
  static constexpr int kThreads = kAcross * kAcross;
  static constexpr int kLoads = Side * kDepth / kThreads;  // of each operand by a thread

  /// Row or column number `i` of those that the thread has which is number `t` of kAcross.
  __device__ static int place(int t, int i) { return i / 4 * (4 * kAcross) + t * 4 + i % 4; }

  /// Where load `i` of this thread goes in a tile: `line` along rows or columns, `depth` along k. Neighbouring threads
  /// take neighbours along k with `depth_is_inner`, else of one k. Of all loads of a thread one of the two is the same.
  struct Point {
    int line, depth;
  };
  __device__ static Point load_point(int i, bool depth_is_inner) {
    const int index = i * kThreads + static_cast<int>(threadIdx.x);
    return depth_is_inner ? Point{index / kDepth, index % kDepth} : Point{index % Side, index / Side};
  }

  /// sums[i][j] += a * b over k below `depth`, for row place(down, i) and column place(across, j). load_a(i, point, k0)
  /// and load_b give what load `i` takes to its point, k being k0 + point.depth; zero beyond the operands' edges.
  /// each(rows, columns) is called with what the thread multiplies, for each k.
  template <class LoadA, class LoadB, class Each>
  __device__ static void multiply(int64_t depth, int down, int across, bool a_inner, bool b_inner, LoadA&& load_a,
                                  LoadB&& load_b, W (&sums)[Own][Own], Each&& each) {
    __shared__ Element tile_a[kDepth][Side + 4], tile_b[kDepth][Side + 4];
    Element next_a[kLoads], next_b[kLoads];
    const auto fetch = [&](int64_t k0) {
#pragma unroll
      for (int i = 0; i < kLoads; ++i) {
        next_a[i] = load_a(i, load_point(i, a_inner), k0);
        next_b[i] = load_b(i, load_point(i, b_inner), k0);
      }
    };
    fetch(0);
    for (int64_t k0 = 0; k0 < depth; k0 += kDepth) {
#pragma unroll
      for (int i = 0; i < kLoads; ++i) {
        const Point at_a = load_point(i, a_inner), at_b = load_point(i, b_inner);
        tile_a[at_a.depth][at_a.line] = next_a[i];
        tile_b[at_b.depth][at_b.line] = next_b[i];
      }
      __syncthreads();
      if (k0 + kDepth < depth) fetch(k0 + kDepth);
#pragma unroll
      for (int k = 0; k < kDepth; ++k) {
        Element rows[Own], columns[Own];
#pragma unroll
        for (int i = 0; i < Own; ++i) {
          rows[i] = tile_a[k][place(down, i)];
          columns[i] = tile_b[k][place(across, i)];
        }
        each(rows, columns);
#pragma unroll
        for (int i = 0; i < Own; ++i) {
#pragma unroll
          for (int j = 0; j < Own; ++j) add_product(sums[i][j], rows[i], columns[j]);
        }
      }
      __syncthreads();
    }
  }

  template <class LoadA, class LoadB>
  __device__ static void multiply(int64_t depth, int down, int across, bool a_inner, bool b_inner, LoadA&& load_a,
                                  LoadB&& load_b, W (&sums)[Own][Own]) {
    multiply(depth, down, across, a_inner, b_inner, load_a, load_b, sums,
             [](const Element(&)[Own], const Element(&)[Own]) {});
  }

  /// Calls store(row, column, sum) for every sum of this thread.
  template <class Store>
  __device__ static void for_each(const W (&sums)[Own][Own], int down, int across, Store&& store) {
#pragma unroll
    for (int i = 0; i < Own; ++i) {
#pragma unroll
      for (int j = 0; j < Own; ++j) store(place(down, i), place(across, j), sums[i][j]);
    }
  }
};

}  // namespace mica::cuda
