// In place of kernels/cuda/launch.cuh when CUDA files are compiled for the CPU: the words of CUDA's language as C++.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cmath>
#include <type_traits>

#include "kernels/cuda/grid.h"
#include "tests/cuda/emulator/emulator.h"

#undef __shared__
#define __shared__ static
#define __launch_bounds__(...)
#define __noinline__

extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;

inline void __syncthreads() {
  mica::emulator::block_barrier();
}
inline unsigned __shfl_xor_sync(unsigned, unsigned word, int lanes) {
  return mica::emulator::exchange(word, static_cast<unsigned>(lanes));
}
inline float __shfl_sync(unsigned, float value, int lane) {
  uint32_t word;
  __builtin_memcpy(&word, &value, sizeof word);
  word = mica::emulator::broadcast(word, static_cast<unsigned>(lane));
  __builtin_memcpy(&value, &word, sizeof word);
  return value;
}
// Threads take turns at barriers only.
inline int atomicMin(int* address, int value) {
  const int before = *address;
  *address = value < before ? value : before;
  return before;
}
inline int atomicMax(int* address, int value) {
  const int before = *address;
  *address = value > before ? value : before;
  return before;
}
inline float __fmul_rn(float a, float b) {
  return a * b;
}
inline float __fadd_rn(float a, float b) {
  return a + b;
}
inline float rsqrtf(float x) {
  return 1 / std::sqrt(x);
}

namespace mica::cuda {

// On a GPU functions of the global namespace have overloads for float.
using std::abs, std::acos, std::acosh, std::asin, std::asinh, std::atan, std::atanh, std::ceil, std::copysign, std::cos,
    std::cosh, std::erf, std::erfc, std::exp, std::expm1, std::fabs, std::floor, std::fmod, std::isinf, std::isnan,
    std::log, std::log1p, std::pow, std::rint, std::sin, std::sinh, std::sqrt, std::tan, std::tanh;

template <class T>
void check_launch_argument(const T& argument) {
  if constexpr (std::is_pointer_v<T>) emulator::check_pointer(argument);
}

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), const Grid& grid, void* stream, const Arguments&... arguments) {
  const auto call = [=](const Parameters&... values) {
    (check_launch_argument(values), ...);
    static_cast<emulator::Queue*>(stream)->push([=] {
      emulator::run_grid({grid.x, grid.y, grid.z}, grid.threads, grid.shared, [=] { kernel(values...); });
    });
  };
  call(Parameters(arguments)...);
}

template <class T>
T* shared_memory() {
  return static_cast<T*>(emulator::shared_memory());
}

}  // namespace mica::cuda
