// Functions of a GPU's own arithmetic units. The emulator has a file of the same name and functions.
#pragma once

#include "kernels/cuda/launch.cuh"

namespace mica::cuda {

/// 2^x with an error of 2 ulp; what would be denormal is 0 (PTX ISA, ex2.approx.ftz).
__device__ inline float fast_exp2(float x) {
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}

}  // namespace mica::cuda
