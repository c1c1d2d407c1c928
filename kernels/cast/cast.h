// What Cast and CastLike are given.
#pragma once

#include <string>

#include "kernels/cast/convert.h"

namespace mica {

struct Cast {
  DType to = DType::Undefined;  ///< Undefined: the type of input 1
  std::string to_name = {};
  std::string round_mode = "up";
  bool saturate = true;
  ConvertOptions options = {};
};

}  // namespace mica
