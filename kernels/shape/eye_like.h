// The parameters of EyeLike.
#pragma once

#include <optional>

#include "runtime/base/dtype.h"

namespace mica {

struct EyeLike {
  std::optional<DType> dtype;
  int64_t k = 0;
};

}  // namespace mica
