// The loops of StridedCopy over elements: a set for each storage, as `visit_storage` has it.
#pragma once

#include "kernels/shape/strided_copy.h"

namespace mica {

struct StridedRows {
  using Axis = StridedCopy::Axis;
  static constexpr int64_t kTile = 32;  ///< side of the squares in which a transposition goes

  int64_t size;  ///< bytes from one element to the next
  /// to[i * row.to] = from[i * row.from]
  void (*copy)(const void* from, void* to, const Axis& row);
  /// to[i * inner.to + j * tile.to] = from[i * inner.from + j * tile.from], in tiles; `tile` is no longer than kTile.
  void (*transpose)(const void* from, void* to, const Axis& inner, const Axis& tile);
};

const StridedRows& strided_rows(DType dtype);

}  // namespace mica
