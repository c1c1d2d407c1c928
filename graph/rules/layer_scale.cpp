// (x w + bias) c   =>   Linear(x, w, bias, alpha = c, beta = c)     for a number c
#include "graph/linear_layer.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(layer_scale, Layer) {
  return {{linear_layer() * scalar("factor"), op("Div", {linear_layer(), scalar("divisor")})},
          [](Rewriter& g, const Match& m) {
            const Node& product = g.node("product");
            auto layer = LinearLayer::of(g, product);
            if (!layer) return ValueId::None;
            if (layer->function) return g.refuse("it is multiplied behind an activation");
            if (layer->residual != ValueId::None) return g.refuse("a residual would have to be multiplied too");
            const double factor = m.has("factor") ? g.number("factor") : 1 / g.number("divisor");
            layer->alpha *= static_cast<float>(factor);
            if (layer->bias != ValueId::None) layer->beta *= static_cast<float>(factor);
            return layer->add(g, product);
          }};
}

}  // namespace mica
