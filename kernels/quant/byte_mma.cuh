// Products of bytes on tensor cores, by the tiles of kernels/matmul/mma_tile.cuh.
#pragma once

#include "kernels/cuda/team.cuh"
#include "kernels/matmul/mma_tile.cuh"
#include "kernels/quant/byte_sums.cuh"

namespace mica::cuda {

/// What multiply_staged multiplies, with the sums of the lines of both sides that zero points need. Both sides lie
/// along k.
template <class Tile>
class ByteProduct {
 public:
  using Sum = int32_t;
  static constexpr int kElement = 1;
  static constexpr bool kPossible = kHasByteProducts;

  __device__ ByteProduct(Number a, Number b)
      : flip_a_(sign_flip(a)),
        flip_b_(sign_flip(b)),
        sums_rows_(Tile::warp_column() == 0),
        sums_columns_(Tile::warp_row() == 0) {}

  template <int Rows, int Columns>
  __device__ void prepare(uint32_t (&a)[Rows][4], uint32_t (&b)[Columns][2]) {
#pragma unroll
    for (int i = 0; i < 4 * Rows; ++i) a[i / 4][i % 4] ^= flip_a_;
#pragma unroll
    for (int i = 0; i < 2 * Columns; ++i) b[i / 2][i % 2] ^= flip_b_;
    if (sums_rows_) {
#pragma unroll
      for (int i = 0; i < 4 * Rows; ++i) rows_[i / 4][i % 2] = add_dot(rows_[i / 4][i % 2], a[i / 4][i % 4], kFourOnes);
    }
    if (sums_columns_) {
#pragma unroll
      for (int i = 0; i < 2 * Columns; ++i) columns_[i / 2] = add_dot(columns_[i / 2], b[i / 2][i % 2], kFourOnes);
    }
  }
  __device__ static void multiply(int32_t (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    multiply_byte_fragments(c, a, b);
  }

  /// Puts the sums of the tile's lines into shared memory, for all threads of the block, after multiply_staged.
  __device__ void share_sums() const {
    int32_t* shared = shared_memory<int32_t>();
    const int lane = Tile::lane();
    const auto over_quad = [](int32_t sum) {
      sum += shuffle_xor(sum, 1);
      return sum + shuffle_xor(sum, 2);
    };
#pragma unroll
    for (int i = 0; i < 2 * Tile::kRowTiles; ++i) {
      const int32_t sum = over_quad(rows_[i / 2][i % 2]);
      if (sums_rows_ && lane % 4 == 0) shared[Tile::warp_row() + 8 * i + lane / 4] = sum;
    }
#pragma unroll
    for (int j = 0; j < Tile::kColumnTiles; ++j) {
      const int32_t sum = over_quad(columns_[j]);
      if (sums_columns_ && lane % 4 == 0) shared[Tile::kRows + Tile::warp_column() + 8 * j + lane / 4] = sum;
    }
    __syncthreads();
  }
  __device__ static int32_t row_sum(int row) {
    return shared_memory<int32_t>()[row];
  }
  __device__ static const int32_t* column_sums(int column) {
    return shared_memory<int32_t>() + Tile::kRows + column;
  }

 private:
  uint32_t flip_a_, flip_b_;
  bool sums_rows_, sums_columns_;  // whether it is this warp that does
  int32_t rows_[Tile::kRowTiles][2] = {}, columns_[Tile::kColumnTiles] = {};
};

/// How many products were summed up, and how many of them of codes 0 that belong to no element.
struct ByteDepth {
  int32_t count, filled;
};

/// Stores the first `count` of sums that are a part of the final ones.
__device__ inline void store_part(int32_t* to, int count, const EightInts& sums) {
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    if (i < count) to[i] = sums.of[i];
  }
}

}  // namespace mica::cuda
