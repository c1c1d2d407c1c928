// Conv(x, w, ...) + residual   =>   ConvLayer(x, w, ..., residual)     for a residual of the dims of the convolution
#include "graph/conv_layer.h"
#include "graph/layer_rules.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(conv_residual, Layer) {
  return {conv_layer() + any("residual"),
          [](Rewriter& g, const Match& m) { return with_residual<ConvLayer>(g, g.node("conv"), m["residual"]); }};
}

}  // namespace mica
