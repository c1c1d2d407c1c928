// x w + residual   =>   Linear(x, w, residual)     for a residual of the dims of the product
#include "graph/facts.h"
#include "graph/linear_layer.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(layer_residual, Layer) {
  return {linear_layer() + any("residual"), [](Rewriter& g, const Match& m) {
            const Node& product = g.node("product");
            auto layer = LinearLayer::of(g, product);
            if (!layer) return ValueId::None;
            const Dims* dims = dims_of(g.graph(), m["residual"]);
            const Dims* y = dims_of(g.graph(), product.outputs[0]);
            if (layer->function) return g.refuse("it is added behind an activation");
            if (dims == nullptr || *dims != *y) return g.refuse("it has other dims than the product");
            if (layer->residual != ValueId::None) return g.refuse("there is a residual already");
            layer->residual = m["residual"];
            return layer->add(g, product);
          }};
}

}  // namespace mica
