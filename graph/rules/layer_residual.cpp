// x w + residual   =>   Linear(x, w, residual)     for a residual of the dims of the product
#include "graph/layer_rules.h"
#include "graph/linear_layer.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(layer_residual, Layer) {
  return {linear_layer() + any("residual"),
          [](Rewriter& g, const Match& m) { return with_residual<LinearLayer>(g, g.node("product"), m["residual"]); }};
}

}  // namespace mica
