// Products of matrices by the kernels of our own. Where operands ask for an explanation nothing is put on the stream.
#pragma once

#include "kernels/device_kernel.h"
#include "kernels/matmul/product_choice.h"

namespace mica {

/// In the type of the call: on tensor cores where the device has them for it, else on the plain arithmetic units.
void multiply_by_own(const cuda::GemmCall& call, const DeviceOperands& io);

/// Of a and b that are `operands`, by the way that kernels/matmul/product_choice.h says, from `first` on.
void multiply_as(const cuda::GemmCall& call, cuda::ProductOperands operands, const DeviceOperands& io,
                 cuda::ProductWay first = cuda::ProductWay::Vectors);

/// With floats as a, of io.in(0), which are rounded to bfloat16, and b of bfloat16.
void multiply_in_brain(const cuda::GemmCall& call, const DeviceOperands& io);

/// Of floats that are rounded to tf32, but for few rows: by cuBLASLt where it can.
void multiply_in_tf32(const cuda::GemmCall& call, const DeviceOperands& io);

}  // namespace mica
