// The operator ConvLayer, for all that have a kernel for it.
#pragma once

#include "kernels/conv/channels_last.h"
#include "kernels/conv/float_conv.h"
#include "kernels/matmul/layer_activation.h"

namespace mica {

struct ConvLayer : ConvParams, LayerActivation {
  bool channels_last = false, x_channels_first = false;

  template <class List>
  List dims_of_x(const List& x) const {
    return channels_last && !x_channels_first ? channels_first(x) : x;
  }
};

/// What is convolved, and what is done to the result; without the weights. Throws where operands do not fit.
FloatConv conv_layer_operands(const ConvLayer& op, const Operands& io);

/// With channels last. Throws where operands do not fit.
ConvGeometry channels_last_geometry(const ConvLayer& op, const Operands& io);

}  // namespace mica
