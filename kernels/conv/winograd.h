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

/// Elements of the packed weights.
int64_t winograd_elements(int64_t channels, int64_t filters);

/// Packs weights [filters, channels, 3, 3]: each of the 16 values as a right operand of channels by filters.
void pack_winograd(const float* w, int64_t channels, int64_t filters, float* to);

/// As `convolve_floats`, for x [image, position, channel] and y [image, position, filter] of two spatial axes, one
/// group, kernels of 3 x 3, and strides and dilations of 1. conv.w is not used.
void convolve_winograd(const Operands& io, const ConvGeometry& g, const FloatConv& conv, const float* packed);

}  // namespace mica
