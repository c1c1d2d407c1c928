// f(Conv(x, w, ...))   =>   ConvLayer(x, w, ..., activation = f)     for Relu, Clip, HardSwish, Gelu, Swish, Tanh and
// Sigmoid
#include "graph/conv_layer.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(conv_activation, Layer) {
  return {layer_functions(conv_layer()), [](Rewriter& g, const Match&) {
            const Node& conv = g.node("conv");
            auto layer = ConvLayer::of(g, conv);
            if (!layer) return ValueId::None;
            if (layer->function) return g.refuse("there is an activation already");
            const auto function = LayerFunction::of_node(g.graph(), g.root());
            if (!function) return g.refuse("it has a parameter");
            layer->function = *function;
            return layer->add(g, conv);
          }};
}

}  // namespace mica
