// What Gather is given.
#pragma once

#include <cstdint>

namespace mica {

struct Gather {
  int64_t axis = 0;
};

}  // namespace mica
