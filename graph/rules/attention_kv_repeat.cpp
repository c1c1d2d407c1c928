// Attention(q, repeat(k), repeat(v))   =>   Attention(q, k, v)     grouped-query attention
// where repeat gives each head of [b, h, s, d] r times in a row: Reshape(Expand(Unsqueeze(k, 2), [b, h, r, s, d])).
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

Pattern repeated(const std::string& name) {
  const Pattern grouped = op("Unsqueeze", {any(name)}).with_more_inputs().as(name + "_grouped");
  const Pattern expanded = op("Expand", {grouped, any(name + "_dims")}).as(name + "_expanded");
  return op("Reshape", {expanded, any(name + "_shape")}).as(name + "_joined");
}

// How often each head is repeated; 0 when this is something else.
int64_t repeats(const Rewriter& g, const Match& m, const std::string& name) {
  const Dims* from = dims_of(g.graph(), m[name]);
  const Dims* grouped = dims_of(g.graph(), g.node(name + "_grouped").outputs[0]);
  const Dims* expanded = dims_of(g.graph(), g.node(name + "_expanded").outputs[0]);
  const Dims* joined = dims_of(g.graph(), g.node(name + "_joined").outputs[0]);
  if (from == nullptr || grouped == nullptr || expanded == nullptr || joined == nullptr) return 0;
  if (from->size() != 4 || expanded->size() != 5 || !(*expanded)[2].is_constant()) return 0;
  const Dim& r = (*expanded)[2];
  const Dims& f = *from;
  if (*grouped != Dims{f[0], f[1], 1, f[2], f[3]} || *expanded != Dims{f[0], f[1], r, f[2], f[3]}) return 0;
  return *joined == Dims{f[0], f[1] * r, f[2], f[3]} ? r.value() : 0;
}

}  // namespace

MICA_RULE(attention_kv_repeat, Block) {
  return {
      op("Attention", {any("q"), repeated("k"), repeated("v")}).with_more_inputs(), [](Rewriter& g, const Match& m) {
        const int64_t r = repeats(g, m, "k");
        if (r < 1 || r != repeats(g, m, "v")) return g.refuse("keys and values are not repeated alike");
        const Node& attention = g.root();
        for (size_t i = 1; i < attention.outputs.size(); ++i) {
          if (attention.outputs[i] != ValueId::None) return g.refuse("another output is used");
        }
        std::vector<ValueId> inputs(attention.inputs.begin(),
                                    attention.inputs.begin() + static_cast<std::ptrdiff_t>(attention.formal_inputs));
        if (inputs.size() > 4) return g.refuse("it has a cache");
        inputs[1] = m["k"];
        inputs[2] = m["v"];
        const Attributes attributes = attention.attributes;
        return g.add("Attention", 23, inputs, attributes);
      }};
}

}  // namespace mica
