// Tiles of products on tensor cores: which a problem takes, and how they lie in shared memory. The functions run in
// kernels and, in tests, on the CPU.
#pragma once

#include <stdint.h>

namespace mica::cuda {

inline constexpr int kMmaDepth = 32;  ///< of the tiles, along k
inline constexpr int kMmaStages = 4;  ///< tiles of each operand in shared memory
inline constexpr int kMmaVector = 8;  ///< elements that are moved together: 16 bytes

/// Where in a tile the vector lies that begins at `depth` of `line`, of an operand whose elements are neighbours along
/// k: lines of 4 vectors, in an order that lets the 8 that ldmatrix reads together, of lines next to each other, lie in
/// different banks.
constexpr int place_along_depth(int line, int depth) {
  return line * kMmaDepth + (((depth / kMmaVector) ^ (line / 2 % 4)) * kMmaVector);
}

/// The same of an operand whose elements are neighbours across k: rows of `lines` elements, at least 64, one for each
/// k.
constexpr int place_across_depth(int lines, int line, int depth) {
  return depth * lines + (((line / kMmaVector) ^ (depth % 8)) * kMmaVector);
}

/// How a product is cut up.
struct MmaCut {
  int rows, columns;        ///< of the tiles of c, one to a block
  int splits = 1;           ///< parts of k, that blocks of their own sum up
  int64_t split_depth = 0;  ///< along k, of all parts but the last; whole tiles
};

/// The largest tiles of which there are enough to keep a large GPU busy; of the smallest where there are not, with k
/// cut into parts of 256 or more.
constexpr MmaCut mma_cut(int64_t m, int64_t n, int64_t k, int64_t batch) {
  constexpr int64_t kEnoughBlocks = 128, kLeastDepth = 256, kMostSplits = 16;
  constexpr int kTiles[][2] = {{128, 128}, {128, 64}, {64, 64}};
  int64_t blocks = 0;
  for (const auto& [rows, columns] : kTiles) {
    blocks = ((m + rows - 1) / rows) * ((n + columns - 1) / columns) * batch;
    if (blocks >= kEnoughBlocks) return {rows, columns, 1, k};
  }
  int64_t splits = batch == 1 && blocks > 0 ? kEnoughBlocks / blocks : 1;
  if (splits > k / kLeastDepth) splits = k / kLeastDepth;
  if (splits > kMostSplits) splits = kMostSplits;
  if (splits < 2) return {64, 64, 1, k};
  const int64_t tiles = (k + kMmaDepth - 1) / kMmaDepth, depth = (tiles + splits - 1) / splits * kMmaDepth;
  return {64, 64, static_cast<int>((k + depth - 1) / depth), depth};
}

}  // namespace mica::cuda
