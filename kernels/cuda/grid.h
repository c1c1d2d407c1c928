// How many blocks of how many threads a kernel is launched with.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace mica::cuda {

inline constexpr unsigned kWarp = 32;
inline constexpr int64_t kMostBlocks = 0x7fffffff;  ///< along x; along y and z it is 65535
inline constexpr int64_t kMostBlocksYZ = 65535;

struct Grid {
  unsigned x = 1, y = 1, z = 1;
  unsigned threads = 1;  ///< of a block, along x
  size_t shared = 0;     ///< bytes of dynamic shared memory
};

constexpr int64_t blocks_for(int64_t count, int64_t per_block) {
  return (count + per_block - 1) / per_block;
}

/// For kernels whose threads stride over any number of elements: enough blocks to fill the largest GPU several times.
constexpr Grid over_elements(int64_t count) {
  constexpr unsigned kThreads = 256;
  constexpr int64_t kEnough = 1 << 14;
  const int64_t blocks = blocks_for(count, kThreads);
  return {static_cast<unsigned>(blocks < 1 ? 1 : blocks > kEnough ? kEnough : blocks), 1, 1, kThreads};
}

/// For kernels in which a team of threads takes one row of `width` elements after the other. A team is a warp, four to
/// a block, or for wide rows a whole block.
struct TeamGrid {
  Grid grid;
  bool whole_block = false;
};
constexpr TeamGrid over_rows(int64_t rows, int64_t width) {
  constexpr unsigned kWarps = 4;
  constexpr int64_t kEnough = 1 << 16;
  const bool whole_block = width > 1024;
  const unsigned threads = !whole_block ? kWarps * kWarp : width > 8192 ? 1024u : 256u;
  int64_t blocks = whole_block ? rows : blocks_for(rows, kWarps);
  blocks = blocks < 1 ? 1 : blocks > kEnough ? kEnough : blocks;
  return {{static_cast<unsigned>(blocks), 1, 1, threads}, whole_block};
}

}  // namespace mica::cuda
