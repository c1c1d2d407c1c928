// Products of matrices by CUDA kernels of our own.
#pragma once

#include "kernels/cuda/number.h"
#include "kernels/cuda/walk.h"
#include "kernels/matmul/epilogue.h"

namespace mica::cuda {

/// Element (i, j) is at data[i * row + j * column].
struct GemmOperand {
  const void* data = nullptr;
  int64_t row = 0, column = 0;
};

/// As Addend of kernels/matmul/epilogue.h. Null data: nothing is added.
struct GemmAddend {
  GemmOperand matrix;
  float factor = 1;
};

/// c = f(alpha * a * b + factor * addend + ...) for every matrix of a batch, of m x k and k x n floats, c having rows
/// of adjacent elements. Sums are taken in float, of doubles in double. An addend may lie where c does.
struct GemmCall {
  Number number;
  int64_t m, n, k;
  GemmOperand a, b;
  void* c;
  int64_t c_row;
  Walk<3> batch;  ///< of a, b and c; addends are the same for all
  float alpha = 1;
  GemmAddend addends[2] = {};
  Epilogue::Activation activation = Epilogue::Activation::None;
  float low = 0, high = 0;  ///< bounds of Clip
};
void launch_gemm(const GemmCall& call, void* stream);

/// Rows and columns of c that a block computes.
struct GemmTile {
  int rows, columns;
};
/// The tile for a problem: the largest of which there are enough to keep a large GPU busy.
constexpr GemmTile gemm_tile(Number number, int64_t m, int64_t n, int64_t batch) {
  constexpr int64_t kEnoughBlocks = 128;
  if (number != Number::F32) return {64, 64};
  for (const int side : {128, 64}) {
    const int64_t blocks = ((m + side - 1) / side) * ((n + side - 1) / side) * batch;
    if (blocks >= kEnoughBlocks) return {side, side};
  }
  return {32, 32};
}

/// Which tile of the result block `index` computes: tiles go down `kGroup` rows of tiles before they go right, so that
/// blocks that run at the same time read the same parts of a and b.
struct TilePlace {
  int64_t row, column;
};
constexpr TilePlace tile_place(int64_t index, int64_t down, int64_t across) {
  constexpr int64_t kGroup = 8;
  const int64_t group = index / (kGroup * across);
  const int64_t height = down - group * kGroup < kGroup ? down - group * kGroup : kGroup;
  const int64_t rest = index - group * kGroup * across;
  return {group * kGroup + rest % height, rest / height};
}

/// Few rows are products of vectors with a matrix, which is read once for each.
constexpr bool is_gemv(int64_t m, int64_t n, int64_t k) {
  return m <= 4 && n * k >= 1024;
}

}  // namespace mica::cuda
