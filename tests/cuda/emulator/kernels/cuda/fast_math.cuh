// In place of kernels/cuda/fast_math.cuh when CUDA files are compiled for the CPU.
#pragma once

#include <cfloat>

#include "kernels/cuda/launch.cuh"

namespace mica::cuda {

inline float fast_exp2(float x) {
  const float result = std::exp2(x);
  return result < FLT_MIN ? 0.0f : result;
}

}  // namespace mica::cuda
