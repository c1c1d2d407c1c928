// What is done to a sum of a convolution of bytes.
#pragma once

#include "kernels/conv/int8_conv_cuda.h"
#include "kernels/quant/quant_numbers.cuh"

namespace mica::cuda {

__device__ __noinline__ inline void store_int8_conv(const Int8ConvCall& call, int64_t place, int32_t filter,
                                                    int32_t sum) {
  if (call.bias != nullptr) {
    sum = static_cast<int32_t>(static_cast<uint32_t>(sum) + static_cast<uint32_t>(call.bias[filter]));
  }
  if (call.to == Number::I32) {
    static_cast<int32_t*>(call.y)[place] = sum;
    return;
  }
  const float scales = __fmul_rn(scale_at(call.x_by.scale, 0), scale_at(call.w_by.scale, filter));
  const float value = __fmul_rn(static_cast<float>(sum), scales / scale_at(call.y_by.scale, 0));
  store_integer(call.y, call.to, place, quantized(value, zero_at(call.y_by.zero, 0), call.to));
}

}  // namespace mica::cuda
