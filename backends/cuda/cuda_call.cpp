#include "backends/cuda/cuda_call.h"

#include <string>

#include "runtime/base/error.h"

namespace mica {

void check_cuda(cudaError_t result, std::string_view what) {
  if (result == cudaSuccess) return;
  cudaGetLastError();  // an error that does not break the context is reported once only
  const ErrorCode code = result == cudaErrorMemoryAllocation ? ErrorCode::OutOfMemory : ErrorCode::Internal;
  throw Error(code, "CUDA cannot " + std::string(what) + ": " + cudaGetErrorString(result) + " (" +
                        cudaGetErrorName(result) + ")");
}

}  // namespace mica
