// What Gelu, ai.onnx 20, is given.
#pragma once

#include <string>

#include "kernels/math/unary.h"

namespace mica {

struct Gelu {
  std::string approximate = "none";  ///< or "tanh"
  Unary function;                    ///< by that
};

}  // namespace mica
