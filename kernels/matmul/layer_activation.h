// The activation of a layer of a network, as operators of this build's own domain have it. `activation` names it: ""
// (none), relu, clip, hard_swish, gelu, gelu_tanh, silu, tanh or sigmoid. `low` and `high` are the bounds of clip.
#pragma once

#include "kernels/matmul/epilogue.h"
#include "kernels/op.h"

namespace mica {

struct LayerActivation {
  std::string name;
  float low = 0, high = 0;
  Epilogue::Activation activation = Epilogue::Activation::None;

  /// An epilogue with this activation and nothing else.
  Epilogue epilogue() const;
  /// The function of a double.
  double wide(double x) const;
};

template <class T>
OpBuilder<T> layer_activation_attributes(OpBuilder<T> builder) {
  return builder.attribute("activation", &LayerActivation::name)
      .attribute("low", &LayerActivation::low)
      .attribute("high", &LayerActivation::high);
}

/// For OpBuilder::prepare; throws for a name that is not known.
void prepare_layer_activation(LayerActivation& f, const NodeFacts& facts);

}  // namespace mica
