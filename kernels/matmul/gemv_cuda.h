// Products with few rows.
#pragma once

#include "kernels/matmul/gemm_cuda.h"

namespace mica::cuda {

/// The same as launch_gemm, for calls of which is_gemv holds: limited by how fast b is read.
void launch_gemv(const GemmCall& call, void* stream);

/// Whether b lies in whole vectors of 8 elements along one of its axes, in which there are `count`.
inline bool lies_in_eights(const GemmOperand& b, const Walk<3>& batch, int64_t along, int64_t across, int64_t count) {
  bool whole = along == 1 && across % 8 == 0 && count % 8 == 0;
  whole = whole && reinterpret_cast<uintptr_t>(b.data) % 16 == 0;
  for (int axis = 0; axis < batch.rank; ++axis) whole = whole && batch.steps[axis].of[1] % 8 == 0;
  return whole;
}
inline bool is_gemv_of_vectors(const GemmCall& call) {
  return lies_in_eights(call.b, call.batch, call.b.row, call.b.column, call.k) ||
         lies_in_eights(call.b, call.batch, call.b.column, call.b.row, call.n);
}

/// The same where b is of type `matrix` (F32, F16 or BF16, which a is rounded to) and is_gemv_of_vectors holds: false,
/// and nothing done, where it does not.
bool launch_gemv_of_vectors(const GemmCall& call, Number matrix, void* stream);

/// How many lanes read vectors of 8 beside each other, where rows of b are what lies together: as many as leave the
/// largest GPU enough blocks.
constexpr int gemv_lanes_across(int64_t n) {
  constexpr int64_t kEnoughBlocks = 512;
  for (const int lanes : {8, 4}) {
    if (n / (8 * lanes) >= kEnoughBlocks) return lanes;
  }
  return 2;
}

}  // namespace mica::cuda
