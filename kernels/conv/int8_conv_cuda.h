// Launcher of the CUDA kernels of convolutions of bytes.
#pragma once

#include "kernels/conv/conv_mma_cuda.h"
#include "kernels/quant/quant_numbers.h"

namespace mica::cuda {

/// Sums of (x - x_zero) * (w - w_zero) in int32, what is outside x counting as nothing; or these plus `bias`, times
/// x_scale * w_scale / y_scale, rounded to bytes.
struct Int8ConvCall : ConvShape {
  Number x_number, w_number;
  Number to;  ///< int32, int8 or uint8
  const void* x;
  const void* w;
  const int32_t* bias;  ///< for each filter; null: absent
  void* y;
  TensorQuantization x_by, w_by, y_by;  ///< w_by: one number, or one for each filter
};
void launch_int8_conv(const Int8ConvCall& call, void* stream);

/// y = images as bytes are convolved on tensor cores: [image, position, group, channels of a group in whole vectors of
/// 16], what fills the vectors being `zero`.
struct ByteImagesCall : ImagesShape {
  const void* x;
  void* y;
  QuantNumbers zero;
};
void launch_byte_images(const ByteImagesCall& call, void* stream);

/// The same as launch_int8_conv of images made by launch_byte_images, of which call.x and its steps in x are, with
/// weights [filters of all groups, taps, channels in whole vectors], aligned to 16 bytes. call.channels is whole
/// vectors too. The workspace is of conv_workspace numbers. Needs compute capability kByteProducts.
void launch_int8_conv_mma(const Int8ConvCall& call, const MmaCut& cut, int32_t* workspace, void* stream);

}  // namespace mica::cuda
