// ConvTranspose (conv_transpose.op.cpp) and its form with channels last.
#pragma once

#include "kernels/conv/conv.h"

namespace mica {

struct ConvTranspose : ConvParams {
  std::vector<int64_t> output_padding, output_shape;

  /// Whether the output dims are given and the pads follow from them.
  bool sized() const {
    return !output_shape.empty() || auto_pad == AutoPad::SameUpper || auto_pad == AutoPad::SameLower;
  }
};

/// The convolution whose gradient this is: its output is X, its input Y. Throws when the shapes do not fit.
ConvGeometry transposed_geometry(const ConvTranspose& op, const Shape& x, const Shape& w, const Shape& y);

/// Has no attributes.
struct ChannelsLastConvTranspose {};

}  // namespace mica
