// Convolution of floats: as products of matrices, or directly where every filter sees one channel.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/matmul/epilogue.h"

namespace mica {

/// y = f(x * w + bias + addend). The addend is laid out as y is.
struct FloatConv {
  const float* x;
  const float* w;     ///< [filters of all groups, channels, taps]
  const float* bias;  ///< one for each filter, or null
  float* y;
  const float* addend = nullptr;  ///< as large as y, or null; may be y
  Epilogue epilogue{};            ///< with the activation only
  bool x_channels_first = false;  ///< for convolutions with channels last: those of x are not
};

void convolve_floats(const Operands& io, const ConvGeometry& g, const FloatConv& conv);

/// The gradient with respect to the input of the convolution `g`, whose output is x and whose input is y; the weights
/// are [channels of all groups, filters, taps]. Without addend and activation.
void convolve_transposed_floats(const Operands& io, const ConvGeometry& g, const FloatConv& conv);

}  // namespace mica
