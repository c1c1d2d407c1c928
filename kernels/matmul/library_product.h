// Products of matrices by cuBLASLt.
#pragma once

#include <span>
#include <string>

#include "kernels/device_kernel.h"
#include "kernels/matmul/gemm_cuda.h"

namespace mica {

/// By cuBLASLt, with what is added and the activation as its epilogue. False, and nothing done, where it is not there
/// or cannot do all of that. With `tf32` floats are rounded to that before they are multiplied.
bool try_library(const cuda::GemmCall& call, const DeviceOperands& io, bool tf32);

/// The same; where it does nothing, and for few rows, by the kernels of our own.
void multiply_by_library(const cuda::GemmCall& call, const DeviceOperands& io);

/// For DeviceKernel::accepts.
std::string refuse_library(const void* params, std::span<const ValueType> inputs);
/// The same for Linear, whose activation the library may not have.
std::string refuse_library_for_linear(const void* params, std::span<const ValueType> inputs);

}  // namespace mica
