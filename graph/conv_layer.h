// Convolutions with what is done to their results: the operator ConvLayer of this build's own domain, and how rules
// make and extend it.
#pragma once

#include <optional>

#include "graph/layer_function.h"
#include "graph/rewriter.h"

namespace mica {

/// y = f(conv(x, weights) + bias + residual): a Conv or a ConvLayer.
struct ConvLayer {
  ValueId x = ValueId::None, weights = ValueId::None;
  ValueId bias = ValueId::None;      ///< one for each filter
  ValueId residual = ValueId::None;  ///< of the dims of y
  LayerFunction function;
  Attributes window;  ///< and all others but those of the function

  /// nullopt, with a refusal, when the node does not convolve floats of 32 bits.
  static std::optional<ConvLayer> of(Rewriter& g, const Node& node);
  std::vector<ValueId> inputs() const;
  Attributes attributes() const;
  /// Adds a ConvLayer that is named as `conv` is.
  ValueId add(Rewriter& g, const Node& conv) const;
};

/// Nodes that may be such layers. A match tells them as "conv".
Pattern conv_layer();

}  // namespace mica
