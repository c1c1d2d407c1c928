// Launchers of the CUDA kernels of embeddings.
#pragma once

#include "kernels/cuda/fault.h"
#include "kernels/cuda/number.h"

namespace mica::cuda {

/// Rows of a table, picked one after the other by indices that repeat. One out of range reports a fault and adds
/// nothing.
struct RowPicks {
  const void* table = nullptr;  ///< [count, width]; null: none
  int64_t count = 0;
  const void* indices = nullptr;  ///< int32 or int64; null: 0, 1, 2 ...
  Number number = Number::I64;
  int64_t picks = 1;
  bool from_back = false;  ///< whether indices below 0 count from the back
};

/// y = x + the row that each of the tables has for it.
struct RowSumCall {
  static constexpr int kMostTables = 3;

  Number number;
  const void* x;  ///< null: none; may be y
  void* y;
  int64_t rows, width;
  RowPicks tables[kMostTables];
  Fault fault;
};
void launch_row_sum(const RowSumCall& call, void* stream);

/// How many ones each of `rows` rows of int32 has; of no ones where x is null.
void launch_count_ones(const void* x, void* counts, int64_t rows, int64_t width, void* stream);

}  // namespace mica::cuda
