// Launcher of the CUDA kernels of convolutions of bytes.
#pragma once

#include "kernels/conv/conv_cuda.h"
#include "kernels/quant/quant_numbers.h"

namespace mica::cuda {

/// Sums of (x - x_zero) * (w - w_zero) in int32, what is outside x counting as nothing; or these plus `bias`, times
/// x_scale * w_scale / y_scale, rounded to bytes.
struct Int8ConvCall : ConvShape {
  Number x_number, w_number;
  Number to;  ///< int32, int8 or uint8
  const void* x;
  const void* w;
  const int32_t* bias;  ///< for each filter; null: absent
  void* y;
  TensorQuantization x_by, w_by, y_by;  ///< w_by: one number, or one for each filter
};
void launch_int8_conv(const Int8ConvCall& call, void* stream);

}  // namespace mica::cuda
