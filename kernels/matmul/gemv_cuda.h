// Products with few rows.
#pragma once

#include "kernels/matmul/gemm_cuda.h"

namespace mica::cuda {

/// The same as launch_gemm, for calls of which is_gemv holds: limited by how fast b is read.
void launch_gemv(const GemmCall& call, void* stream);

/// The same where b, of type `matrix` (F32, F16 or BF16, which a is rounded to), lies in whole vectors of 8 elements:
/// false, and nothing done, where it does not.
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
