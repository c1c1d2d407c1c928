// Convolution of 3 x 3 windows, one beside the other, by Winograd's minimal filtering F(2x2, 3x3): for tensors of
// floats whose channels are the last axis.
//
// A tile of 2 x 2 outputs sees 4 x 4 elements of the input. Transformed, tiles and filters are multiplied value by
// value, and summed over channels: 16 products of matrices of tiles by channels and channels by filters, of 4
// multiplications an output and channel where the windows have 9. Winograd, "Arithmetic Complexity of Computations",
// 1980; Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv 1509.09308. All factors are 1 and
// 1/2, and errors those of sums of that length. An infinity or NaN of the input may make a NaN of each output of the
// tiles that see it.
#pragma once

#include "kernels/conv/float_conv.h"

namespace mica {

/// Whether there are enough channels and filters for the transforms to pay.
bool winograd_pays(int64_t channels, int64_t filters);

/// Of a transformed tile, and of a transformed filter.
inline constexpr int64_t kWinogradValues = 16;

/// Packs weights [filters, channels, 3, 3] of up to 16 filters: each of the values as the panel of a right operand of
/// `channels` rows, `value` elements from one to the next.
void pack_winograd(const float* w, int64_t channels, int64_t filters, float* to, int64_t value);

/// As `convolve_floats`, for x [image, position, channel] and y [image, position, filter] of two spatial axes, one
/// group, kernels of 3 x 3, and strides and dilations of 1. conv.w is not used. `packed` has a right operand for each
/// of the values; in_bf16: of pairs of bfloat16, in which the products are computed, of an even number of channels.
void convolve_winograd(const Operands& io, const ConvGeometry& g, const FloatConv& conv, const float* packed,
                       bool in_bf16);

}  // namespace mica
