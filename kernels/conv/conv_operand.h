// What callers of CUDA launchers make of convolutions.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/conv/conv_mma_cuda.h"
#include "kernels/conv/window_operand.h"

namespace mica {

/// With `x_last` and `y_last` channels lie behind the spatial axes. Throws when the convolution is too large.
void set_conv_shape(cuda::ConvShape& to, const ConvGeometry& g, bool x_last, bool y_last);

/// The images that `g` goes over.
cuda::ImagesShape images_shape(const ConvGeometry& g, bool x_last);
/// Of `call` what follows from x: it becomes images with channels last, `channels` of a group.
void set_images(cuda::ConvShape& call, const ConvGeometry& g, int64_t channels, bool y_last);

}  // namespace mica
