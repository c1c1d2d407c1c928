// Products of matrices by the kernels of our own.
#pragma once

#include "kernels/device_kernel.h"
#include "kernels/matmul/gemm_cuda.h"

namespace mica {

/// On tensor cores where the device has them for the type, else on the plain arithmetic units.
void multiply_by_own(const cuda::GemmCall& call, const DeviceOperands& io);

/// The same with floats as a, of io.in(0), which are rounded to bfloat16, and b of bfloat16.
void multiply_in_brain(const cuda::GemmCall& call, const DeviceOperands& io);

/// Least compute capability of devices that have tensor cores for the type; a large one for other types.
int least_capability_for(cuda::Number operands);

}  // namespace mica
