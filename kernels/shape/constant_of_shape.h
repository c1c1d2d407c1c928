// The parameters of ConstantOfShape.
#pragma once

#include "runtime/base/tensor.h"

namespace mica {

struct ConstantOfShape {
  Tensor value;
};

}  // namespace mica
