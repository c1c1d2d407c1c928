#include "kernels/matmul/gemm_mma_kernel.cuh"

namespace mica::cuda {

// Always in the same order.
static __global__ void join_parts_kernel(const __grid_constant__ GemmCall call, const float* parts, int count) {
  const int64_t across = blocks_for(call.n, 8);
  for (int64_t i = first_element(); i < call.m * across; i += element_stride()) {
    const int64_t row = i / across, column = i % across * 8;
    Eight sum{};
    for (int part = 0; part < count; ++part) {
      const Eight more =
          read_eight(parts, Number::F32, (part * call.m + row) * call.n + column, 1, clamp_count(call.n - column, 8));
      for (int j = 0; j < 8; ++j) sum.of[j] += more.of[j];
    }
    store_products(call, call.c, row, column, clamp_count(call.n - column, 8), sum);
  }
}

void join_mma_parts(const GemmCall& call, const MmaCut& cut, const float* parts, void* stream) {
  if (cut.splits == 1) return;
  launch(join_parts_kernel, over_elements(call.m * blocks_for(call.n, 8)), stream, call, parts, cut.splits);
}

void launch_gemm_mma(const GemmCall& call, Number operands, const MmaCut& cut, float* workspace, void* stream) {
  if (call.m == 0 || call.n == 0 || call.batch.elements == 0) return;
  const MmaCall mma = mma_call(call, cut, workspace, sizeof(uint16_t));
  if (operands == Number::F16) {
    launch_mma_tiles<uint16_t, HalfProduct<__half>>(mma, cut, stream);
  } else {
    launch_mma_tiles<uint16_t, HalfProduct<__nv_bfloat16>>(mma, cut, stream);
  }
  join_mma_parts(call, cut, workspace, stream);
}

}  // namespace mica::cuda
