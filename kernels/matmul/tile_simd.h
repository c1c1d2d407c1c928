// The innermost loops of products of matrices: one tile of the result at a time, kept in registers.
#pragma once

#include <stdint.h>

#include "kernels/matmul/epilogue.h"
#include "kernels/simd/table.h"

namespace mica {

/// Columns of a panel of a packed right operand: 64 bytes of floats, for every instruction set.
inline constexpr int kPanel = 16;

/// Lines of 16 elements that a tile fetches into the second-level cache: for every two steps of k two of each column,
/// `pair` apart. Where that is 0 they are one.
struct LinesAhead {
  const float* from;
  int64_t step, pair, column;  ///< elements to the lines of the next two steps, to the other line, to the next column
  int64_t columns;             ///< 0: nothing is fetched
};

/// c = alpha * a * b + addends, brought into `bounds` when `bounded`. Pointers are at the tile's first elements.
struct TileCall {
  const float* a;   ///< rows of `pieces` times k adjacent elements
  int64_t a_row;    ///< elements from one row to the next
  int64_t a_piece;  ///< elements from one piece of a row to the next
  int64_t pieces;
  const float* b;   ///< panels of 16 columns
  int64_t b_row;    ///< elements from one row of a panel to the next: 16 when packed
  int64_t b_panel;  ///< elements from one panel to the next
  int64_t k;        ///< of a piece
  LinesAhead next;  ///< by tiles of more than half of the greatest height
  float* c;         ///< rows of adjacent elements
  int64_t c_row;
  int last;  ///< columns that are stored of the tile's last vector; of `b` all are read
  float alpha;
  bool bounded;
  Bounds bounds;
  Addend addends[2];
};
using TileLoop = void (*)(const TileCall&);

/// The tiles there are.
struct TileShapes {
  static constexpr int kMostRows = 12, kMostVectors = 16;

  int panels[kMostRows + 1];  ///< for each height, the panels that a tile is best, and at most, wide
  TileLoop loops[kMostRows + 1][kMostVectors + 1];  ///< by height and width in vectors
};

/// Every element is one sum over k in ascending order, whatever the tile it is computed in.
struct TileKernels {
  int lanes;  ///< columns of a vector
  int rows;   ///< of the highest tile
  TileShapes shapes;
};

const TileKernels& tile_kernels();
IsaTables<TileKernels> tile_kernels_all();

}  // namespace mica
