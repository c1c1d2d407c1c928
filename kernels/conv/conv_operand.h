// What callers of CUDA launchers make of convolutions.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/conv/conv_cuda.h"
#include "kernels/conv/window_operand.h"

namespace mica {

/// With `x_last` and `y_last` channels lie behind the spatial axes. Throws when the convolution is too large.
void set_conv_shape(cuda::ConvShape& to, const ConvGeometry& g, bool x_last, bool y_last);

}  // namespace mica
