// Reading scales and zero points, and rounding to codes. Products and sums are rounded one by one, as on the CPU: that
// a compiler makes one rounding of the two would change codes.
#pragma once

#include "kernels/cuda/elements.cuh"
#include "kernels/quant/quant_numbers.h"

namespace mica::cuda {

__device__ inline float scale_at(const QuantNumbers& numbers, int64_t i) {
  return load_float(numbers.data, numbers.number, numbers.count == 1 ? 0 : i % numbers.count);
}
__device__ inline int32_t zero_at(const QuantNumbers& numbers, int64_t i) {
  if (numbers.data == nullptr) return 0;
  return static_cast<int32_t>(load_integer(numbers.data, numbers.number, numbers.count == 1 ? 0 : i % numbers.count));
}

/// Of a byte.
__device__ inline int32_t code_at(const void* data, Number number, int64_t i) {
  return number == Number::I8 ? int32_t{static_cast<const int8_t*>(data)[i]} : static_cast<const uint8_t*>(data)[i];
}
__device__ inline float dequantized(const void* data, Number number, int64_t i, float scale, int32_t zero) {
  return __fmul_rn(static_cast<float>(code_at(data, number, i) - zero), scale);
}

/// saturate(round(x) + zero) of a type of 8 or 16 bits; a NaN gives the least number.
__device__ inline int32_t quantized(float x, int32_t zero, Number to) {
  const bool is_signed = to == Number::I8 || to == Number::I16;
  const int32_t span = to == Number::I8 || to == Number::U8 ? 255 : 65535;
  const int32_t low = is_signed ? -(span / 2) - 1 : 0;
  const float lowest = static_cast<float>(low - zero), highest = static_cast<float>(low + span - zero);
  const float above = x > lowest ? x : lowest;
  return static_cast<int32_t>(rint(above < highest ? above : highest)) + zero;
}

}  // namespace mica::cuda
