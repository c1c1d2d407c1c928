// Convolution of floats whose channels are the last axis: products of rows of channels with packed weights, or directly
// where every filter sees one channel.
#pragma once

#include <memory>

#include "kernels/conv/float_conv.h"

namespace mica {

/// The weights [filters of all groups, channels, taps] in the order they are used in.
class ChannelsLastFilters {
 public:
  ChannelsLastFilters(int64_t groups, int64_t filters, int64_t channels, int64_t taps)
      : groups_(groups), filters_(filters), channels_(channels), taps_(taps) {}

  /// Every filter sees one channel, its own: the weights are [taps, channels], and else, for each group, a packed right
  /// operand of taps * channels rows.
  bool depthwise() const { return channels_ == 1 && filters_ == 1 && groups_ > 1; }
  int64_t elements() const;
  void pack(const float* w, float* to) const;
  /// The operand of a group among what was packed.
  const float* group(const float* packed, int64_t index) const;

 private:
  int64_t depth() const { return channels_ * taps_; }

  int64_t groups_, filters_, channels_, taps_;
};

/// As `convolve_floats`, for x [image, position, channel of all groups] and y [image, position, filter of all groups],
/// of one or two spatial axes. `packed` has the weights as ChannelsLastFilters packs them; conv.w is not used.
void convolve_channels_last(const Operands& io, const ConvGeometry& g, const FloatConv& conv, const float* packed);

}  // namespace mica
