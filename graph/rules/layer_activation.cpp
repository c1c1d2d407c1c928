// f(x w + ...)   =>   Linear(x, w, ..., activation = f)     for Relu, Clip, HardSwish, Gelu, Swish, Tanh and Sigmoid
#include "graph/layer_rules.h"
#include "graph/linear_layer.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(layer_activation, Layer) {
  return {layer_functions(linear_layer()),
          [](Rewriter& g, const Match&) { return with_activation<LinearLayer>(g, g.node("product")); }};
}

}  // namespace mica
