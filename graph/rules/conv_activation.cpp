// f(Conv(x, w, ...))   =>   ConvLayer(x, w, ..., activation = f)     for Relu, Clip, HardSwish, Gelu, Swish, Tanh and
// Sigmoid
#include "graph/conv_layer.h"
#include "graph/layer_rules.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(conv_activation, Layer) {
  return {layer_functions(conv_layer()),
          [](Rewriter& g, const Match&) { return with_activation<ConvLayer>(g, g.node("conv")); }};
}

}  // namespace mica
