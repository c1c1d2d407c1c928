// Vector loops of Softmax and LogSoftmax.
#pragma once

#include <stdint.h>

#include "kernels/simd/table.h"

namespace mica {

/// `columns` neighbours, each the first of n elements that are `stride` apart. y, laid out alike, may be x.
template <class T>
using SoftmaxLoop = void (*)(const T* x, T* y, int64_t n, int64_t stride, int64_t columns);

/// Softmax: exp(x - max) / sum(exp(x - max)), relative error below 1e-6 + 1.2e-7 |x - max| of exp's argument.
/// LogSoftmax: x - max - log(sum(exp(x - max))). A NaN makes its whole column NaN.
template <class T>
struct SoftmaxLoops {
  SoftmaxLoop<T> softmax, log_softmax;
};

struct SoftmaxKernels {
  SoftmaxLoops<float> f32;
  SoftmaxLoops<uint16_t> f16, bf16;  ///< take the bits of narrow floats; computed in float
};

const SoftmaxKernels& softmax_kernels();
IsaTables<SoftmaxKernels> softmax_kernels_all();

}  // namespace mica
