// Products of matrices on tensor cores.
#pragma once

#include "kernels/matmul/gemm_cuda.h"
#include "kernels/matmul/gemm_mma_tile.h"

namespace mica::cuda {

/// Floats of device memory that the product needs.
constexpr int64_t mma_workspace(const MmaCut& cut, int64_t m, int64_t n) {
  return cut.splits > 1 ? cut.splits * m * n : 0;
}

/// The same as launch_gemm where a and b are of type `operands`, F16 or BF16, and c and what is added of call.number,
/// F32 or `operands`. Sums are taken in float; parts of k are summed in their order, so that runs do not differ. Needs
/// compute capability kHalfProducts or kBrainProducts (kernels/cuda/mma.cuh).
void launch_gemm_mma(const GemmCall& call, Number operands, const MmaCut& cut, float* workspace, void* stream);

/// The same of floats that are rounded to tf32, 10 bits behind the point, as they are multiplied. Needs kTf32Products.
void launch_gemm_tf32(const GemmCall& call, const MmaCut& cut, float* workspace, void* stream);

}  // namespace mica::cuda
