// Convolution of floats whose channels are the last axis: products of rows of channels with packed weights, by
// Winograd's filtering, or directly where every filter sees one channel.
#pragma once

#include "kernels/conv/float_conv.h"

namespace mica {

/// The weights [filters of all groups, channels, taps...] of a convolution in the order they are used in.
class ChannelsLastFilters {
 public:
  enum class Way : uint8_t {
    Products,   ///< for each group, a packed right operand of taps * channels rows
    Depthwise,  ///< every filter sees one channel, its own: [taps, channels]
    Winograd,   ///< as pack_winograd has them
  };

  /// `weights` are dims that divide into op.group groups.
  ChannelsLastFilters(const ConvParams& op, const Shape& weights);

  Way way() const { return way_; }
  int64_t elements() const;
  void pack(const float* w, float* to) const;
  /// The operand of a group among what was packed as products.
  const float* group(const float* packed, int64_t index) const;

 private:
  int64_t depth() const { return channels_ * taps_; }

  int64_t groups_, filters_, channels_, taps_;
  Way way_;
};

/// As `convolve_floats`, for x [image, position, channel of all groups] and y [image, position, filter of all groups],
/// of one or two spatial axes. `packed` has the weights as `filters` packs them; conv.w is not used.
void convolve_channels_last(const Operands& io, const ConvGeometry& g, const FloatConv& conv,
                            const ChannelsLastFilters& filters, const float* packed);

}  // namespace mica
