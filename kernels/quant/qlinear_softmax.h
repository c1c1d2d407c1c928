// The parameters of QLinearSoftmax.
#pragma once

#include "kernels/softmax/axis.h"

namespace mica {

struct QLinearSoftmax : AlongAxis {
  int64_t opset = 13;
};

}  // namespace mica
