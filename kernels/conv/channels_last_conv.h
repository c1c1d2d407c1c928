// Convolution of floats whose channels are the last axis: products of rows of channels with packed weights, by
// Winograd's filtering, or directly where every filter sees one channel.
#pragma once

#include "kernels/conv/channels_last_filters.h"
#include "kernels/conv/float_conv.h"

namespace mica {

/// As `convolve_floats`, for x [image, position, channel of all groups] and y [image, position, filter of all groups],
/// of one or two spatial axes. `packed` has the weights as `filters` packs them; conv.w is not used. With filters of
/// bfloat16 what they see is rounded to it too, and sums are floats.
void convolve_channels_last(const Operands& io, const ConvGeometry& g, const FloatConv& conv,
                            const ChannelsLastFilters& filters, const float* packed);

/// The same with weights that are packed for this once.
void convolve_channels_last(const Operands& io, const ConvGeometry& g, const FloatConv& conv,
                            const ChannelsLastFilters& filters, const Tensor& w);

/// The same operands with the channels of x last too, in scratch.
FloatConv with_channels_last(const Operands& io, const ConvGeometry& g, FloatConv conv);

}  // namespace mica
