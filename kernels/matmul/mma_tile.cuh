// A block computes a tile of a product on tensor cores, from tiles of the operands in shared memory, of which several
// are on their way from memory while one is multiplied. A warp has 32 columns of it, whose sums stay in registers.
#pragma once

#include "kernels/cuda/mma.cuh"
#include "kernels/matmul/gemm_cuda.h"
#include "kernels/matmul/gemm_mma_tile.h"
#include "kernels/matmul/quad_columns.cuh"

namespace mica::cuda {

inline constexpr int kWarpColumns = 32;

/// `WarpRows` x kWarpColumns of Rows x Columns to a warp.
template <int Rows, int Columns, int WarpRows>
struct MmaTile {
  static constexpr int kRows = Rows, kColumns = Columns;
  static constexpr int kRowTiles = WarpRows / 16, kColumnTiles = kWarpColumns / 8;  // fragments of a warp
  static constexpr int kAcross = Columns / kWarpColumns;
  static constexpr int kThreads = Rows / WarpRows * kAcross * static_cast<int>(kWarp);
  static constexpr int kBlocks = kThreads == 256 ? 2 : 3;  // of a multiprocessor, that registers are left for
  static constexpr int kStage = (Rows + Columns) * kMmaVectors;
  static constexpr size_t kShared = sizeof(int4) * kMmaStages * kStage;

  __device__ static int lane() { return static_cast<int>(threadIdx.x % kWarp); }
  /// Where this warp's part begins.
  __device__ static int warp_row() { return static_cast<int>(threadIdx.x / kWarp) / kAcross * WarpRows; }
  __device__ static int warp_column() { return static_cast<int>(threadIdx.x / kWarp) % kAcross * kWarpColumns; }
};

/// A block for each tile of rows x columns, of up to `slices` matrices, and for each part of k.
template <class Tile>
Grid mma_grid(int64_t rows, int64_t columns, int64_t slices, const MmaCut& cut) {
  const int64_t tiles = blocks_for(rows, Tile::kRows) * blocks_for(columns, Tile::kColumns);
  const int64_t across = slices < kMostBlocksYZ ? slices : kMostBlocksYZ;
  return {static_cast<unsigned>(tiles), static_cast<unsigned>(across), static_cast<unsigned>(cut.splits),
          Tile::kThreads, Tile::kShared};
}

/// What a block of that grid has of a product of m x n, and of k cut into parts of `split_depth`.
struct MmaPlace {
  int64_t row, column;  ///< where its tile begins
  int64_t k, depth;     ///< where its part of k begins, and its elements
};
template <class Tile>
__device__ MmaPlace mma_place(int64_t m, int64_t n, int64_t k, int64_t split_depth) {
  const TilePlace tile = tile_place(blockIdx.x, blocks_for(m, Tile::kRows), blocks_for(n, Tile::kColumns));
  const int64_t k0 = blockIdx.z * split_depth, left = k - k0;
  return {tile.row * Tile::kRows, tile.column * Tile::kColumns, k0, left < split_depth ? left : split_depth};
}

/// Sums of a warp's part, as fragments.
template <class Tile, class W>
using MmaSums = W[Tile::kRowTiles][Tile::kColumnTiles][4];

/// Where in the tile what this lane is given by for_each_run begins.
template <class Tile>
__device__ int run_column() {
  return Tile::warp_column() + Tile::lane() % 4 * 8;
}
/// Calls visit(row of the tile, eight neighbours from run_column on) for all of a warp's part. Lanes exchange what they
/// have, so all of a warp call it.
template <class Tile, class W, class Visit>
__device__ __forceinline__ void for_each_run(const W (&sums)[Tile::kRowTiles][Tile::kColumnTiles][4], Visit&& visit) {
  static_assert(Tile::kColumnTiles == 4, "quad_columns joins four fragments");
#pragma unroll
  for (int i = 0; i < Tile::kRowTiles; ++i) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const auto values = quad_columns(&sums[i][0][0], half);
      visit(Tile::warp_row() + 16 * i + 8 * half + Tile::lane() / 4, values);
    }
  }
}

// What is multiplied: a type Sum, the bytes of an element of an operand that lies across k, and functions
//   prepare(a, b)      makes operands of what lies in memory
//   multiply(c, a, b)  c += a * b, of 16 rows, 8 columns and 32 bytes of k

/// Of float16 or bfloat16, __half or __nv_bfloat16.
template <class T>
struct HalfProduct {
  using Sum = float;
  static constexpr int kElement = 2;
  static constexpr bool kPossible = kHasProducts<T>;
  template <int Rows, int Columns>
  __device__ static void prepare(uint32_t (&)[Rows][4], uint32_t (&)[Columns][2]) {}
  __device__ static void multiply(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    multiply_fragments<T>(c, a, b);
  }
};

/// Of floats, rounded to tf32.
struct Tf32Product {
  using Sum = float;
  static constexpr int kElement = 4;
  static constexpr bool kPossible = kHasTf32Products;
  template <int Rows, int Columns>
  __device__ static void prepare(uint32_t (&a)[Rows][4], uint32_t (&b)[Columns][2]) {
#pragma unroll
    for (int i = 0; i < 4 * Rows; ++i) a[i / 4][i % 4] = to_tf32(a[i / 4][i % 4]);
#pragma unroll
    for (int i = 0; i < 2 * Columns; ++i) b[i / 2][i % 2] = to_tf32(b[i / 2][i % 2]);
  }
  __device__ static void multiply(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    multiply_tf32_fragments(c, a, b);
  }
};

/// Adds up the product of `steps` tiles of the operands: fetch(step, tile_a, tile_b) begins this thread's copies of the
/// tiles of a step. With `inner_b` elements of b are neighbours along k, as those of a always are. Afterwards shared
/// memory is free.
template <class Tile, bool inner_b, class Product, class Fetch>
__device__ void multiply_staged(int steps, Fetch&& fetch, Product& product,
                                MmaSums<Tile, typename Product::Sum>& sums) {
  int4* stages = shared_memory<int4>();
  const int lane = Tile::lane(), warp_row = Tile::warp_row(), warp_column = Tile::warp_column();
  const auto begin = [&](int step) {
    if (step < steps) {
      int4* stage = stages + step % kMmaStages * Tile::kStage;
      fetch(step, stage, stage + Tile::kRows * kMmaVectors);
    }
    commit_copies();
  };
  for (int step = 0; step < kMmaStages - 1; ++step) begin(step);
  for (int step = 0; step < steps; ++step) {
    wait_for_copies<kMmaStages - 2>();
    __syncthreads();
    begin(step + kMmaStages - 1);  // over the stage that all have just left
    const int4* tile_a = stages + step % kMmaStages * Tile::kStage;
    const int4* tile_b = tile_a + Tile::kRows * kMmaVectors;
#pragma unroll
    for (int vector = 0; vector < kMmaVectors; vector += 2) {
      uint32_t words_a[Tile::kRowTiles][4], words_b[Tile::kColumnTiles][2];
#pragma unroll
      for (int i = 0; i < Tile::kRowTiles; ++i) {
        load_matrices(words_a[i], tile_a + place_along_depth(warp_row + 16 * i + lane % 16, vector + lane / 16));
      }
#pragma unroll
      for (int j = 0; j < Tile::kColumnTiles; j += 2) {
        const int column = warp_column + 8 * j;
        if constexpr (inner_b || Product::kElement == 2) {
          uint32_t words[4];
          if constexpr (inner_b) {
            load_matrices(words, tile_b + place_along_depth(column + lane / 16 * 8 + lane % 8, vector + lane / 8 % 2));
          } else {
            load_matrices_transposed(words, tile_b + place_across_depth(Tile::kColumns / 8, column / 8 + lane / 16,
                                                                        8 * vector + lane % 16, 2));
          }
          words_b[j][0] = words[0], words_b[j][1] = words[1];
          words_b[j + 1][0] = words[2], words_b[j + 1][1] = words[3];
        } else {
#pragma unroll
          for (int word = 0; word < 4; ++word) {
            const int line = column + word / 2 * 8 + lane / 4, depth = 4 * vector + word % 2 * 4 + lane % 4;
            const int4* from = tile_b + place_across_depth(Tile::kColumns / 4, line / 4, depth, 4);
            words_b[j + word / 2][word % 2] = reinterpret_cast<const uint32_t*>(from)[line % 4];
          }
        }
      }
      product.prepare(words_a, words_b);
#pragma unroll
      for (int i = 0; i < Tile::kRowTiles; ++i) {
#pragma unroll
        for (int j = 0; j < Tile::kColumnTiles; ++j) product.multiply(sums[i][j], words_a[i], words_b[j]);
      }
    }
  }
  wait_for_copies<0>();
  __syncthreads();
}

__device__ inline int clamp_count(int64_t count, int most) {
  return count < 0 ? 0 : count > most ? most : static_cast<int>(count);
}

/// How the threads of a block move the tiles of one operand, of elements E, from memory. `Inner`: vectors lie along k.
template <class E, int Lines, int Threads, bool Inner>
class MmaSide {
 public:
  static constexpr int kVector = kMmaVectorBytes / static_cast<int>(sizeof(E));
  static constexpr int kDepth = kMmaVectors * kVector;  ///< of a tile

  /// `first` is the tile's element of k = 0; there are `lines` lines from it on. With `vectors` all are aligned.
  __device__ MmaSide(const E* first, int64_t line_step, int64_t depth_step, int64_t lines, bool vectors)
      : first_(first),
        from_(first + line_of(0) * line_step + depth_of(0) * depth_step),
        jump_(Inner ? kJump * line_step : kJump * depth_step),
        depth_step_(depth_step),
        step_(Inner ? depth_step : line_step),
        lines_(static_cast<int>(lines < Lines ? lines : Lines)),
        vectors_(vectors) {}

  /// Begins to move the tile from k = `begin` on, of which `depth` elements are there, to `tile`.
  __device__ void fetch(int4* tile, int64_t begin, int64_t depth) const {
    const int in_tile = static_cast<int>(depth < kDepth ? depth : kDepth);
    const E* from = from_ + begin * depth_step_;
#pragma unroll
    for (int i = 0; i < kLoads; ++i, from += jump_) {
      const int count = Inner ? (line_of(i) < lines_ ? clamp_count(in_tile - depth_of(i), kVector) : 0)
                              : (depth_of(i) < in_tile ? clamp_count(lines_ - line_of(i), kVector) : 0);
      int4* to = tile + (Inner ? place_along_depth(line_of(i), depth_of(i) / kVector)
                               : place_across_depth(Lines / kVector, line_of(i) / kVector, depth_of(i), sizeof(E)));
      if (vectors_) {
        copy_async(to, count > 0 ? from : first_, static_cast<int>(sizeof(E)) * count);
      } else {
        gather(to, from, count);
      }
    }
  }

 private:
  static constexpr int kAcross = Inner ? kMmaVectors : Lines / kVector;  // vectors that lie one behind the other
  static constexpr int kJump = Threads / kAcross;  // lines or, across k, elements along k from one load to the next
  static constexpr int kLoads = Lines * kMmaVectors / Threads;

  __device__ static int line_of(int i) {
    const int thread = static_cast<int>(threadIdx.x);
    return Inner ? thread / kAcross + i * kJump : thread % kAcross * kVector;
  }
  __device__ static int depth_of(int i) {
    const int thread = static_cast<int>(threadIdx.x);
    return Inner ? thread % kAcross * kVector : thread / kAcross + i * kJump;
  }

  __device__ void gather(int4* to, const E* from, int count) const {
    union {
      E elements[kVector];
      int4 whole;
    } gathered;
#pragma unroll
    for (int i = 0; i < kVector; ++i) gathered.elements[i] = i < count ? from[i * step_] : E{0};
    *to = gathered.whole;
  }

  const E *first_, *from_;
  int64_t jump_, depth_step_, step_;
  int lines_;
  bool vectors_;
};

}  // namespace mica::cuda
