// The order in which four vectors hold elements where bytes of several rows are interleaved, and packed again, within
// each 128 bits.
#pragma once

#include <stdint.h>

namespace mica {

/// Where element i of 4 * lanes is: in which of the four vectors, times lanes, plus in which lane.
constexpr int64_t quad_lane(int64_t i, int64_t lanes) {
  const int64_t step = lanes < 4 ? lanes : 4;
  return i % (4 * step) / step * lanes + i / (4 * step) * step + i % step;
}

}  // namespace mica
