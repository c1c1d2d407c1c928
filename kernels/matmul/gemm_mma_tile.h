// Tiles of products on tensor cores: which a problem takes, and how they lie in shared memory. The functions run in
// kernels and, in tests, on the CPU.
//
// A tile of an operand has 64 bytes of each of its lines along k, whatever its elements: 32 of 16 bits, 16 of 32 or 64
// bytes. It is moved, and counted here, in vectors of 16 bytes.
#pragma once

#include <stdint.h>

namespace mica::cuda {

inline constexpr int kMmaStages = 4;                                  ///< tiles of each operand in shared memory
inline constexpr int kMmaVectorBytes = 16;                            ///< what is moved together
inline constexpr int kMmaVectors = 4;                                 ///< of a line of a tile
inline constexpr int kMmaVector = 8;                                  ///< elements of 16 bits in a vector
inline constexpr int kMmaDepth = kMmaVectors * kMmaVector;            ///< elements of 16 bits in a line
inline constexpr int kByteTileDepth = kMmaVectors * kMmaVectorBytes;  ///< bytes in a line

/// Least compute capability that has products of bytes (kernels/cuda/number.h has those of floats).
inline constexpr int kByteProducts = 80;

/// Where in a tile vector `vector` of `line` lies, of an operand whose elements are neighbours along k: lines of 4
/// vectors, in an order that lets the 8 that ldmatrix reads together, of lines next to each other, lie in different
/// banks.
constexpr int place_along_depth(int line, int vector) {
  return line * kMmaVectors + (vector ^ (line / 2 % 4));
}

/// The same of an operand whose elements, of 2 or 4 bytes, are neighbours across k: rows of `vectors` vectors, at least
/// 8, one for each k. Of elements of 4 bytes those of 8 lines and 4 depths, which a warp reads together, lie in
/// different banks.
constexpr int place_across_depth(int vectors, int vector, int depth, int element_bytes) {
  return depth * vectors + (vector ^ (element_bytes == 2 ? depth % 8 : depth % 4 * 2));
}

/// How a product is cut up.
struct MmaCut {
  int rows, columns;        ///< of the tiles of c, one to a block
  int splits = 1;           ///< parts of k, that blocks of their own sum up
  int64_t split_depth = 0;  ///< along k, of all parts but the last; whole tiles
};

inline constexpr int64_t kMmaEnoughBlocks = 128;  ///< to keep a large GPU busy

/// The smallest tiles, of which there are `blocks`: with k, whole tiles of which have `tile_depth`, cut into parts of
/// 256 or more where these are too few. `batch` matrices are not cut.
constexpr MmaCut small_mma_cut(int64_t blocks, int64_t k, int64_t batch, int64_t tile_depth) {
  constexpr int64_t kLeastDepth = 256, kMostSplits = 16;
  int64_t splits = batch == 1 && blocks > 0 ? kMmaEnoughBlocks / blocks : 1;
  if (splits > k / kLeastDepth) splits = k / kLeastDepth;
  if (splits > kMostSplits) splits = kMostSplits;
  if (splits < 2) return {64, 64, 1, k};
  const int64_t tiles = (k + tile_depth - 1) / tile_depth, depth = (tiles + splits - 1) / splits * tile_depth;
  return {64, 64, static_cast<int>((k + depth - 1) / depth), depth};
}

/// The largest tiles of which there are enough.
constexpr MmaCut mma_cut(int64_t m, int64_t n, int64_t k, int64_t batch, int64_t tile_depth = kMmaDepth) {
  constexpr int kTiles[][2] = {{128, 128}, {128, 64}, {64, 64}};
  int64_t blocks = 0;
  for (const auto& [rows, columns] : kTiles) {
    blocks = ((m + rows - 1) / rows) * ((n + columns - 1) / columns) * batch;
    if (blocks >= kMmaEnoughBlocks) return {rows, columns, 1, k};
  }
  return small_mma_cut(blocks, k, batch, tile_depth);
}

}  // namespace mica::cuda
