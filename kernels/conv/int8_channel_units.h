// The order of channels in depthwise convolutions of bytes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/quant/quad_order.h"
#include "kernels/round_up.h"

namespace mica {

/// Channels in the units that depthwise loops take: four vectors as long as there are so many, then one.
struct ChannelUnits {
  int64_t channels, lanes, quads, units;

  ChannelUnits(int64_t count, int64_t of_vector)
      : channels(count),
        lanes(of_vector),
        quads(count / (4 * lanes)),
        units(quads + ceil_div(count - quads * 4 * lanes, lanes)) {}

  int64_t first(int64_t unit) const {
    return unit <= quads ? unit * 4 * lanes : std::min(channels, (3 * quads + unit) * lanes);
  }
  /// Where a channel's number is among those of all units.
  int64_t place(int64_t channel) const {
    const int64_t quad = 4 * lanes, first = channel / quad * quad;
    return channel < quads * quad ? first + quad_lane(channel - first, lanes) : channel;
  }
  /// Numbers in the order of channels come into that of units.
  template <class T>
  void arrange(T* numbers) const {
    constexpr int64_t kMostLanes = 16;
    T old[4 * kMostLanes];
    for (int64_t first = 0; first < quads * 4 * lanes; first += 4 * lanes) {
      std::copy_n(numbers + first, 4 * lanes, old);
      for (int64_t i = 0; i < 4 * lanes; ++i) numbers[place(first + i)] = old[i];
    }
  }
};

}  // namespace mica
