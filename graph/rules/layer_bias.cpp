// x w + bias   =>   Linear(x, w, bias)     for a bias that is the same for all rows
#include "graph/linear_layer.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(layer_bias, Layer) {
  return {linear_layer() + any("bias"), [](Rewriter& g, const Match& m) {
            const Node& product = g.node("product");
            auto layer = LinearLayer::of(g, product);
            if (!layer) return ValueId::None;
            if (layer->function) return g.refuse("it is added behind an activation");
            if (!is_bias_of(g.graph(), m["bias"], product.outputs[0])) return g.refuse("it differs from row to row");
            if (layer->bias != ValueId::None) return g.refuse("there is a bias already");
            layer->bias = m["bias"];
            layer->beta = 1;
            return layer->add(g, product);
          }};
}

}  // namespace mica
