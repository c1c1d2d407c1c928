// f(x w_g + b_g) * (x w_u + b_u)   =>   Gated(Linear(x, [w_g w_u], [b_g b_u]), activation = f)
// for small constants, and an f that the operator knows: the gated feed-forward part of a transformer.
#include <algorithm>
#include <array>
#include <string_view>

#include "graph/joined_layers.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(gated_products, Layer) {
  const Pattern gate = own_op("Linear", {any("x"), any("gate_weights")}).with_more_inputs().as("gate");
  return {gate * any("up"), [](Rewriter& g, const Match& m) {
            static constexpr std::array<std::string_view, 3> kActivations{"silu", "gelu", "gelu_tanh"};
            const Node& gate = g.node("gate");
            const auto gate_layer = constant_layer(g, gate.outputs[0]);
            const auto up = constant_layer(g, m["up"]);
            if (!gate_layer || !up || up->function) return g.refuse("not two products with constants");
            const std::string f = gate_layer->function.name;
            if (std::ranges::find(kActivations, f) == kActivations.end()) return g.refuse("not a gate");
            const auto columns = [&](const LinearLayer& layer) {
              return g.graph().value(layer.weights).constant.shape()[layer.transposed ? 0 : 1];
            };
            if (columns(*gate_layer) != columns(*up)) return g.refuse("they differ in width");
            const LinearLayer layers[] = {*gate_layer, *up};
            const ValueId packed = join_layers(g, layers, gate);
            if (packed == ValueId::None) return packed;
            return g.add_own("Gated", g.root().name, {packed}, {{"activation", f}});
          }};
}

}  // namespace mica
