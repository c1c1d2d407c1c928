// Attention(x w_q + b_q, x w_k + b_k, x w_v + b_v)   =>   SelfAttention(Linear(x, [w_q w_k w_v], [b_q b_k b_v]))
// for small constants.
#include "graph/joined_layers.h"
#include "graph/rule.h"
#include "graph/self_attention.h"

namespace mica {

MICA_RULE(attention_products, Layer) {
  const Pattern attention = op("Attention", {any("q"), any("k"), any("v")}).with_more_inputs().as("attention");
  return {attention, [](Rewriter& g, const Match& m) {
            std::vector<LinearLayer> layers;
            for (const auto* name : {"q", "k", "v"}) {
              const auto layer = constant_layer(g, m[name]);
              if (!layer || layer->function) {
                return g.refuse("queries, keys and values are not products with constants");
              }
              layers.push_back(*layer);
            }
            if (!is_self_attention(g, g.node("attention"))) return ValueId::None;
            const Node& first = g.graph().node(g.graph().value(m["q"]).producer);
            const ValueId packed = join_layers(g, layers, first);
            return packed == ValueId::None ? packed : add_self_attention(g, g.node("attention"), packed);
          }};
}

}  // namespace mica
