// Attention(q, k, v), q, k, v = Split(x) along the last axis   =>   SelfAttention(x)
// which reads the parts where they lie.
#include "graph/facts.h"
#include "graph/rule.h"
#include "graph/self_attention.h"

namespace mica {

// Whether a node gives these three values, and nothing else, by cutting rows.
static bool cuts_rows(const Graph& graph, const Node& split, std::span<const ValueId> parts) {
  const Dims* dims = dims_of(graph, split.inputs[0]);
  const int64_t axis = attribute(split, "axis", 0);
  return split.op_type == "Split" && split.domain.empty() && dims != nullptr && dims->size() == 3 &&
         (axis == 2 || axis == -1) && split.outputs.size() == 3 && std::ranges::equal(split.outputs, parts);
}

MICA_RULE(attention_split, Layer) {
  const Pattern attention = op("Attention", {any("q"), any("k"), any("v")}).with_more_inputs().as("attention");
  return {attention, [](Rewriter& g, const Match& m) {
            const NodeId producer = g.graph().value(m["q"]).producer;
            const ValueId parts[] = {m["q"], m["k"], m["v"]};
            if (producer == NodeId::None || !cuts_rows(g.graph(), g.graph().node(producer), parts)) {
              return g.refuse("queries, keys and values are not parts of one tensor");
            }
            const Node& attention = g.node("attention");
            if (!is_self_attention(g, attention)) return ValueId::None;
            return add_self_attention(g, attention, g.graph().node(producer).inputs[0]);
          }};
}

}  // namespace mica
