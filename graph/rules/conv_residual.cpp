// Conv(x, w, ...) + residual   =>   ConvLayer(x, w, ..., residual)     for a residual of the dims of the convolution
#include "graph/conv_layer.h"
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(conv_residual, Layer) {
  return {conv_layer() + any("residual"), [](Rewriter& g, const Match& m) {
            const Node& conv = g.node("conv");
            auto layer = ConvLayer::of(g, conv);
            if (!layer) return ValueId::None;
            const Dims* dims = dims_of(g.graph(), m["residual"]);
            const Dims* y = dims_of(g.graph(), conv.outputs[0]);
            if (layer->function) return g.refuse("it is added behind an activation");
            if (dims == nullptr || y == nullptr || *dims != *y)
              return g.refuse("it has other dims than the convolution");
            if (layer->residual != ValueId::None) return g.refuse("there is a residual already");
            layer->residual = m["residual"];
            return layer->add(g, conv);
          }};
}

}  // namespace mica
