// Scales and zero points as CUDA kernels are given them.
#pragma once

#include "kernels/cuda/number.h"

namespace mica::cuda {

/// `count` numbers, used over and over; null data: absent.
struct QuantNumbers {
  const void* data = nullptr;
  Number number = Number::F32;
  int64_t count = 1;
};

/// The scale and the zero point, which may be absent and is then 0, of a whole tensor.
struct TensorQuantization {
  QuantNumbers scale, zero;
};

}  // namespace mica::cuda
