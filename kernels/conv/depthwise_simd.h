// Vector loops of convolutions in which every filter sees one channel.
#pragma once

#include <stdint.h>

#include "kernels/simd/table.h"

namespace mica {

struct DepthwiseKernels {
  /// y[i] += sum over k < taps of w[k] * x[i * stride + k * dilation], for i < n.
  void (*add_taps)(const float* x, int64_t stride, const float* w, int64_t taps, int64_t dilation, float* y, int64_t n);
};

const DepthwiseKernels& depthwise_kernels();
IsaTables<DepthwiseKernels> depthwise_kernels_all();

}  // namespace mica
