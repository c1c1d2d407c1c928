// Parameters of Clip before version 11, where the bounds are attributes.
#pragma once

#include <limits>

namespace mica {

struct Clip {
  float min = std::numeric_limits<float>::lowest();
  float max = std::numeric_limits<float>::max();
};

}  // namespace mica
