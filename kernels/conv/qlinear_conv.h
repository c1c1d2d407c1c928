// Parameters of QLinearConv (qlinear_conv.op.cpp).
#pragma once

#include "kernels/conv/conv.h"

namespace mica {

struct QLinearConv : ConvParams {
  enum Input : size_t { kX, kXScale, kXZero, kW, kWScale, kWZero, kYScale, kYZero, kBias };

  bool channels_last = false;
};

}  // namespace mica
