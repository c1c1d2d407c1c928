// Convolution line by line of outputs, of windows that are read where they lie: for weights that stay in the cache from
// line to line.
#pragma once

#include "kernels/conv/float_conv.h"
#include "kernels/matmul/gemm_kernels.h"

namespace mica {

/// Whether windows can be read where they lie, line by line, and the weights stay in the cache from line to line.
bool goes_by_lines(const ConvGeometry& g);

/// As `convolve_channels_last`, for weights that are packed as one right operand for these kernels.
void convolve_by_lines(const Operands& io, const GemmKernels& kernels, const ConvGeometry& g, const FloatConv& conv,
                       const float* packed);

}  // namespace mica
