#include "kernels/matmul/gemm_mma_kernel.cuh"

namespace mica::cuda {

void launch_gemm_tf32(const GemmCall& call, const MmaCut& cut, float* workspace, void* stream) {
  if (call.m == 0 || call.n == 0 || call.batch.elements == 0) return;
  launch_mma_tiles<uint32_t, Tf32Product>(mma_call(call, cut, workspace, sizeof(float)), cut, stream);
  join_mma_parts(call, cut, workspace, stream);
}

}  // namespace mica::cuda
