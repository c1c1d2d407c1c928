// What the tiles of a product fetch into the second-level cache of that which is multiplied after them.
#pragma once

#include <cstdint>

#include "kernels/matmul/tile_simd.h"
#include "kernels/round_up.h"

namespace mica {

/// Fetched by one tile after the other: `lines` by the first, and the same further on by the others.
struct TilesAhead {
  LinesAhead lines{};
  int64_t half = 0, column = 0;  ///< elements to the second half of a column, to the next column
  int64_t count = 0, taken = 0;  ///< tiles

  /// For the next tile.
  LinesAhead take() {
    if (taken == count) return {};
    LinesAhead next = lines;
    next.from += taken / 2 * column + taken % 2 * half;
    ++taken;
    return next;
  }
};

/// `n` columns of rows of adjacent elements, half a column of lines by each tile of k steps. Rows begin anywhere in a
/// line.
inline TilesAhead rows_ahead(const float* from, int64_t row, int64_t k, int64_t n) {
  return {{from, row, 0, 0, 1}, k / 2 * row, kPanel, 2 * (ceil_div(n, kPanel) + 1)};
}

/// Rows of the left operand, the tiles they are cut into, and the columns of the right one that these and the next ones
/// are multiplied with.
struct TileGroup {
  int64_t rows, tiles, width, next_width;
};

/// Panels of a group at `b`, of k steps each, that come from beyond the second-level cache. While many tiles use them
/// the next group is fetched. A few could not fetch all of it: the first of them fetches the group's own panels, so
/// many rows ahead that they are there in time. With very few rows the memory is the limit, and the processor's own
/// guesses keep it busy.
inline TilesAhead panels_ahead(const float* b, int64_t panel, int64_t k, const TileGroup& group) {
  constexpr int64_t kFewTiles = 3, kFewestRows = 8, kRowsAhead = 48;
  if (group.tiles > kFewTiles) {
    const float* next = b + group.width / kPanel * panel;
    return {{next, kPanel, 0, 0, 1}, k / 2 * kPanel, panel, 2 * (group.next_width / kPanel)};
  }
  if (group.rows < kFewestRows) return {};
  return {{b + kRowsAhead * kPanel, 2 * kPanel, kPanel, panel, ceil_div(group.width, kPanel)}, 0, 0, 1};
}

}  // namespace mica
