// Calls of the CUDA runtime, checked.
#pragma once

#include <cuda_runtime_api.h>

#include <string_view>

namespace mica {

/// Throws Error when a call of the runtime failed; `what` says what was tried: "allocate 4096 bytes".
void check_cuda(cudaError_t result, std::string_view what);

}  // namespace mica
