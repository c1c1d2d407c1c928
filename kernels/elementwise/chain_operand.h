// Chains of element functions as calls of their launcher.
#pragma once

#include "kernels/device_kernel.h"
#include "kernels/elementwise/chain_cuda.h"

namespace mica {

/// Of all inputs, at most ChainCall::kMostInputs, and output 0; without steps.
cuda::ChainCall chain_call(const DeviceOperands& io);

}  // namespace mica
