// How tiles lie in shared memory for products by warpgroups, and what describes them to the instruction. After the PTX
// ISA, "Asynchronous warpgroup-level matrix shared memory layout". The functions run in kernels and, in tests, on the
// CPU.
#pragma once

#include <stdint.h>

namespace mica::cuda {

inline constexpr int kTileRow = 128;         ///< bytes of a tile's row: 64 elements of 16 bits
inline constexpr int kTileAlignment = 1024;  ///< of tiles: 8 rows, after which the order repeats

/// Where what an address of a tile stands for lies: the 16-byte vectors of a row are exchanged by its number.
constexpr uint32_t swizzled(uint32_t address) {
  return address ^ (address >> 7 & 7) << 4;
}

/// Which stage of a ring comes next, and the parity of its phase: how often the ring has been gone through, modulo 2.
template <int stages>
struct RingTurn {
  int stage = 0;
  unsigned parity = 0;

  constexpr void next() {
    if (++stage < stages) return;
    stage = 0;
    parity ^= 1;
  }
};

struct TileDescriptor {
  uint32_t address;       ///< in shared memory
  uint32_t leading_step;  ///< bytes; of tiles across k: from 64 elements to the next 64; along k it has no meaning
  uint32_t stride_step;   ///< bytes from 8 rows to the next 8
};

constexpr uint64_t encode(const TileDescriptor& d) {
  constexpr uint64_t kSwizzle128 = uint64_t{1} << 62;
  const auto field = [](uint32_t bytes) { return static_cast<uint64_t>(bytes >> 4 & 0x3fff); };
  return field(d.address) | field(d.leading_step) << 16 | field(d.stride_step) << 32 | kSwizzle128;
}

constexpr TileDescriptor decode(uint64_t descriptor) {
  const auto field = [&](int at) { return static_cast<uint32_t>(descriptor >> at & 0x3fff) << 4; };
  return {field(0), field(16), field(32)};
}

/// Bytes from the descriptor's address to element (`line`, `depth`), before swizzled(), of a tile whose rows lie along
/// k: a row is a line.
constexpr uint32_t offset_along_depth(const TileDescriptor& d, int line, int depth) {
  return static_cast<uint32_t>(line / 8) * d.stride_step + static_cast<uint32_t>(line % 8 * kTileRow + depth * 2);
}

/// The same of a tile whose rows lie across k: a row is 64 lines of one k.
constexpr uint32_t offset_across_depth(const TileDescriptor& d, int line, int depth) {
  return static_cast<uint32_t>(line / 64) * d.leading_step + static_cast<uint32_t>(depth / 8) * d.stride_step +
         static_cast<uint32_t>(depth % 8 * kTileRow + line % 64 * 2);
}

}  // namespace mica::cuda
