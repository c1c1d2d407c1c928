// f(x w + ...)   =>   Linear(x, w, ..., activation = f)     for Relu, Clip, HardSwish, Gelu, Swish, Tanh and Sigmoid
#include "graph/linear_layer.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(layer_activation, Layer) {
  return {layer_functions(linear_layer()), [](Rewriter& g, const Match&) {
            const Node& product = g.node("product");
            auto layer = LinearLayer::of(g, product);
            if (!layer) return ValueId::None;
            if (layer->function) return g.refuse("there is an activation already");
            const auto function = LayerFunction::of_node(g.graph(), g.root());
            if (!function) return g.refuse("it has a parameter");
            layer->function = *function;
            return layer->add(g, product);
          }};
}

}  // namespace mica
