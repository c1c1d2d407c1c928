// Vector loops that convert between float and the narrower storage types of runtime/base/half.h.
#pragma once

#include <stdint.h>

#include "kernels/simd/table.h"

namespace mica {

/// y[i] = x[i] for i < n, in another type; rounds to nearest even.
using ConvertLoop = void (*)(const void* x, void* y, int64_t n);

struct HalfKernels {
  ConvertLoop widen_f16, widen_bf16, narrow_f16, narrow_bf16;
};

const HalfKernels& half_kernels();
IsaTables<HalfKernels> half_kernels_all();

}  // namespace mica
