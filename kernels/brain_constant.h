// Constants in bfloat16.
#pragma once

#include "runtime/base/tensor.h"

namespace mica {

/// Floats rounded to bfloat16. They may lie at any address.
Tensor brain_constant(const Tensor& floats);

}  // namespace mica
