// Attention(q, Concat(past_k, k), Concat(past_v, v))   =>   Attention with past and present keys and values
// so that the cache grows in place. The results of Concat are the present keys and values.
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

// Whether the node joins two tensors [batch, heads, rows, width] along the rows.
bool joins_rows(const Graph& graph, const Node& concat) {
  const Dims* past = dims_of(graph, concat.inputs[0]);
  const Dims* fresh = dims_of(graph, concat.inputs[1]);
  const int64_t axis = attribute(concat, "axis", 1);
  if (past == nullptr || fresh == nullptr || past->size() != 4 || fresh->size() != 4) return false;
  if (axis != 2 && axis != -2) return false;
  return (*past)[0] == (*fresh)[0] && (*past)[1] == (*fresh)[1] && (*past)[3] == (*fresh)[3];
}

bool same_rows(const Graph& graph, ValueId a, ValueId b) {
  return (*dims_of(graph, a))[2] == (*dims_of(graph, b))[2];
}

}  // namespace

MICA_RULE(attention_cache, Block) {
  const Pattern keys = op("Concat", {any("past_k"), any("k")}).as("keys");
  const Pattern values = op("Concat", {any("past_v"), any("v")}).as("values");
  return {
      op("Attention", {any("q"), keys, values}).with_more_inputs(),
      [](Rewriter& g, const Match& m) {
        const Graph& graph = g.graph();
        const Node& attention = g.root();
        if (attention.outputs.size() > 1 || input_of(attention, 4) != ValueId::None || attention.formal_inputs > 6) {
          return ValueId::None;
        }
        if (attribute(attention, "is_causal", 0) != 0) return g.refuse("its queries stand at the first keys");
        if (!joins_rows(graph, g.node("keys")) || !joins_rows(graph, g.node("values"))) {
          return g.refuse("keys and values are not lengthened");
        }
        if (m["past_k"] == m["past_v"]) return g.refuse("keys and values share a cache");
        if (!same_rows(graph, m["past_k"], m["past_v"]) || !same_rows(graph, m["k"], m["v"])) {
          return g.refuse("keys and values are not lengthened alike");
        }
        std::vector<bool> wanted{true};
        std::vector<ValueId> joined;
        for (const auto* name : {"keys", "values"}) {
          joined.push_back(g.node(name).outputs[0]);
          wanted.push_back(graph.is_output(joined.back()) || graph.uses(joined.back()).size() > 1);
        }
        const Attributes attributes = attention.attributes;
        const auto outputs =
            g.add({"", "Attention", 23}, {m["q"], m["k"], m["v"], input_of(attention, 3), m["past_k"], m["past_v"]},
                  attributes, wanted);
        if (outputs.empty()) return ValueId::None;
        for (size_t i = 0; i < joined.size(); ++i) {
          if (outputs[i + 1] != ValueId::None) g.replace_too(joined[i], outputs[i + 1]);
        }
        return outputs[0];
      },
      true};
}

}  // namespace mica
