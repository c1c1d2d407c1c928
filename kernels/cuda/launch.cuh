// What all CUDA files include: the language's own headers, and how a kernel is launched.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "kernels/cuda/grid.h"

namespace mica::cuda {

inline constexpr size_t kSharedAtWill = 48 << 10;  ///< bytes of shared memory that a block has without asking

/// Puts a kernel on a stream (cudaStream_t). A refused launch is reported when the stream is synchronised.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), const Grid& grid, void* stream, const Arguments&... arguments) {
  if (grid.shared > kSharedAtWill) {
    cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                         static_cast<int>(grid.shared));
  }
  kernel<<<dim3(grid.x, grid.y, grid.z), grid.threads, grid.shared, static_cast<cudaStream_t>(stream)>>>(
      Parameters(arguments)...);
}

/// Dynamic shared memory of a block.
template <class T>
__device__ T* shared_memory() {
  extern __shared__ int4 memory[];
  return reinterpret_cast<T*>(memory);
}

}  // namespace mica::cuda
