// Convolution of bytes whose channels are the last axis, to bytes: products of windows, read where they lie, with
// packed weights, or directly where every filter sees one channel. Sums are exact, and become bytes in registers.
#pragma once

#include "kernels/conv/int8_filters.h"
#include "kernels/conv/int8_operands.h"

namespace mica {

/// How the sum of each filter becomes a byte.
struct FilterResults {
  const float* scales;  ///< one a filter
  int32_t zero;
};

/// y [image, position, filter of all groups], of uint8 or int8, from x [image, position, channel of all groups].
void convolve_channels_last_bytes(const Operands& io, const ConvGeometry& g, const Int8ConvOperands& operands,
                                  const ChannelsLastBytes& weights, const FilterResults& results, Tensor& y);

}  // namespace mica
