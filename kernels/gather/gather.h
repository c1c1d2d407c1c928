// What operators that gather are given.
#pragma once

#include <cstdint>

namespace mica {

struct Gather {  ///< GatherElements too
  int64_t axis = 0;
};
struct GatherNd {
  int64_t batch_dims = 0;
};
struct OneHot {
  int64_t axis = -1;
};

}  // namespace mica
