// What the convolutions of 8-bit integers take.
#pragma once

#include "kernels/operands.h"

namespace mica {

struct Int8ConvOperands {
  const Tensor& x;
  const Tensor* x_zero;  ///< one number, or null
  const Tensor& w;
  const Tensor* w_zero;           ///< one number, or one for each filter, or null
  const int32_t* bias = nullptr;  ///< one for each filter, added to the sums, or null
};

}  // namespace mica
