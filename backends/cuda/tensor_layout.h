// What the copy engine of Hopper GPUs knows of a tensor in memory that it copies boxes of.
#pragma once

#include <stdint.h>

namespace mica::cuda {

/// The driver's CUtensorMap: opaque, made by the backend (backends/cuda/tensor_map.h), given to kernels by value.
struct alignas(64) TensorMap {
  uint64_t words[16] = {};
};

/// Matrices of a stack, or of several stacks, of 16-bit elements, of which rows have neighbours in memory.
struct TensorLayout {
  const void* data;
  int64_t columns, rows, matrices;
  int64_t row_step, matrix_step;  ///< in elements
  int box_columns, box_rows;      ///< of what is copied at once; rows of 128 bytes
  int64_t stacks = 0;             ///< 0: one, and boxes are asked for without its number
  int64_t stack_step = 0;         ///< in elements
};

/// Whether the engine can copy boxes of it: it wants addresses that are multiples of 16 bytes and fewer than 2^31 of
/// each.
constexpr bool is_mappable(const TensorLayout& layout) {
  constexpr int64_t kVector = 8, kMost = int64_t{1} << 31, kMostStep = int64_t{1} << 39;
  const bool aligned = layout.row_step % kVector == 0 && layout.matrix_step % kVector == 0;
  const bool small = layout.columns < kMost && layout.rows < kMost && layout.matrices < kMost &&
                     layout.row_step < kMostStep && layout.matrix_step < kMostStep;
  const bool there = layout.columns > 0 && layout.rows > 0 && layout.matrices > 0;
  const bool stacks = layout.stacks == 0 || (layout.stacks < kMost && layout.stack_step > 0 &&
                                             layout.stack_step < kMostStep && layout.stack_step % kVector == 0);
  return aligned && small && there && stacks && layout.row_step >= layout.columns && layout.matrix_step > 0;
}

}  // namespace mica::cuda
