// Launcher of the CUDA kernels of Softmax and LogSoftmax.
#pragma once

#include "kernels/cuda/number.h"

namespace mica::cuda {

/// Along the middle axis of [outer, width, inner] floats. y may be x.
struct SoftmaxCall {
  Number number;
  const void* x;
  void* y;
  int64_t outer, width, inner;
  bool log;
};
void launch_softmax(const SoftmaxCall& call, void* stream);

}  // namespace mica::cuda
