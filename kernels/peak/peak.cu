#include "kernels/cuda/launch.cuh"
#include "kernels/peak/peak_cuda.h"

namespace mica::cuda {
namespace {

constexpr unsigned kThreads = 256;

__global__ void __launch_bounds__(kThreads) multiply_add_kernel(float* results, int64_t elements, int64_t rounds) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const float factor = 1.0f - 1e-7f * static_cast<float>(i % 7);
  float sums[kPeakSums];
  for (int s = 0; s < kPeakSums; ++s) sums[s] = static_cast<float>(s);
  for (int64_t round = 0; round < rounds; ++round) {
#pragma unroll
    for (int s = 0; s < kPeakSums; ++s) sums[s] = fmaf(sums[s], factor, 0.5f);
  }
  float sum = 0;
  for (int s = 0; s < kPeakSums; ++s) sum += sums[s];
  if (i < elements) results[i] = sum;
}

}  // namespace

void launch_multiply_adds(float* results, int64_t elements, int64_t rounds, void* stream) {
  const Grid grid{static_cast<unsigned>(blocks_for(elements, kThreads)), 1, 1, kThreads, 0};
  launch(multiply_add_kernel, grid, stream, results, elements, rounds);
}

}  // namespace mica::cuda
