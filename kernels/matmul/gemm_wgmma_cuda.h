// Products of matrices of narrow floats by warpgroups, on Hopper GPUs.
#pragma once

#include "backends/cuda/tensor_layout.h"
#include "kernels/matmul/gemm_cuda.h"

namespace mica::cuda {

inline constexpr int kWgmmaRows = 128;                                ///< of c that a block computes at once
inline constexpr int kWgmmaDepth = 64;                                ///< elements of a row of a tile: 128 bytes
inline constexpr unsigned kWgmmaBox = kWgmmaDepth * kWgmmaDepth * 2;  ///< bytes of a box of b that lies across k
inline constexpr int kWgmmaCapability = 90;

/// How a product is cut up: tiles of c of kWgmmaRows x columns. 0 columns: into too few to be worth it.
struct WgmmaCut {
  int columns = 0;  ///< 128 or 256
};

/// The largest tiles of which there are enough to keep a GPU of 132 multiprocessors busy.
constexpr WgmmaCut wgmma_cut(int64_t m, int64_t n, int64_t k, int64_t batch) {
  constexpr int64_t kEnough = 120, kLeastDepth = 128;
  if (k < kLeastDepth) return {};
  const auto tiles = [&](int64_t columns) {
    return (m + kWgmmaRows - 1) / kWgmmaRows * ((n + columns - 1) / columns) * batch;
  };
  if (tiles(256) >= kEnough) return {256};
  if (tiles(128) >= kEnough / 2) return {128};
  return {};
}

/// The operands as the copy engine takes them, with the boxes that launch_gemm_wgmma wants. Not possible where
/// the batch has more than one axis, or an operand no lines of neighbours that are aligned.
struct WgmmaOperands {
  bool possible = false;
  TensorLayout a, b;
};
constexpr WgmmaOperands wgmma_operands(const GemmCall& call, const WgmmaCut& cut) {
  const bool b_along = call.b.column != 1;
  if (cut.columns == 0 || call.batch.rank > 1 || call.a.column != 1 || (b_along && call.b.row != 1)) return {};
  const auto layout = [&](const GemmOperand& operand, int which, bool along, int64_t lines, int box_lines) {
    const int64_t step = call.batch.rank == 0 ? 0 : call.batch.steps[0].of[which];
    const int64_t row_step = which == 0 ? operand.row : along ? operand.column : operand.row;
    TensorLayout made{operand.data,
                      along ? call.k : lines,
                      along ? lines : call.k,
                      step == 0 ? 1 : call.batch.elements,
                      row_step,
                      step == 0 ? row_step * (along ? lines : call.k) : step,
                      kWgmmaDepth,
                      along ? box_lines : kWgmmaDepth};
    return made;
  };
  WgmmaOperands operands{true, layout(call.a, 0, true, call.m, kWgmmaRows),
                         layout(call.b, 1, b_along, call.n, cut.columns)};
  operands.possible = is_mappable(operands.a) && is_mappable(operands.b);
  return operands;
}

/// The same as launch_gemm_mma, of a and b as `map_a` and `map_b` have them; k is whole.
void launch_gemm_wgmma(const GemmCall& call, Number operands, const WgmmaCut& cut, const TensorMap& map_a,
                       const TensorMap& map_b, void* stream);

}  // namespace mica::cuda
