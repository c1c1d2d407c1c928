// Vector loops from scores to weights.
#pragma once

#include <stdint.h>

#include "kernels/simd/table.h"

namespace mica {

struct WeighKernels {
  /// x = exp(x - shift), shift being the largest of all x and `sink`, and 0 where that is -infinity. Returns the sum of
  /// all x and of exp(sink - shift), which is 0 only where all are -infinity. A NaN makes the sum NaN.
  float (*exponentials)(float* x, int64_t n, float sink);
  /// x = cap * tanh(x / cap)
  void (*softcap)(float* x, int64_t n, float cap);
  /// y = factor * x; y may be x.
  void (*scale)(const float* x, float* y, int64_t n, float factor);
};

const WeighKernels& weigh_kernels();
IsaTables<WeighKernels> weigh_kernels_all();

}  // namespace mica
