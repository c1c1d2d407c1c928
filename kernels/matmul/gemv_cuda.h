// Products with few rows.
#pragma once

#include "kernels/matmul/gemm_cuda.h"

namespace mica::cuda {

/// The same as launch_gemm, for calls of which is_gemv holds: limited by how fast b is read.
void launch_gemv(const GemmCall& call, void* stream);

}  // namespace mica::cuda
