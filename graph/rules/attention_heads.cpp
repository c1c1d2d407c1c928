// merge(Attention(split(q), split(k), split(v)))   =>   Attention(q, k, v) with numbers of heads
// where split takes [b, s, h d] to [b, h, s, d] by Reshape and Transpose, and merge takes it back.
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

Pattern split(const std::string& name) {
  const Pattern reshaped = op("Reshape", {any(name), any(name + "_shape")}).as(name + "_reshape");
  return op("Transpose", {reshaped}).as(name + "_transpose");
}

bool swaps_heads(const Rewriter& g, const Node& transpose) {
  const auto perm = permutation(g.graph(), transpose);
  return perm && *perm == std::vector<int64_t>{0, 2, 1, 3};
}

// The number of heads; 0 when this is something else.
int64_t heads(const Rewriter& g, const Match& m, const std::string& name) {
  const Dims* joined = dims_of(g.graph(), m[name]);
  const Dims* parts = dims_of(g.graph(), g.node(name + "_reshape").outputs[0]);
  if (joined == nullptr || parts == nullptr || joined->size() != 3 || parts->size() != 4) return 0;
  if (!swaps_heads(g, g.node(name + "_transpose")) || !(*parts)[2].is_constant()) return 0;
  const Dims& p = *parts;
  return *joined == Dims{p[0], p[1], p[2] * p[3]} ? p[2].value() : 0;
}

}  // namespace

MICA_RULE(attention_heads, Block) {
  const Pattern attention = op("Attention", {split("q"), split("k"), split("v")}).with_more_inputs().as("attention");
  return {op("Reshape", {op("Transpose", {attention}).as("turned"), any("shape")}), [](Rewriter& g, const Match& m) {
            const int64_t q_heads = heads(g, m, "q");
            const int64_t kv_heads = heads(g, m, "k");
            if (q_heads < 1 || kv_heads < 1 || kv_heads != heads(g, m, "v") || !swaps_heads(g, g.node("turned"))) {
              return g.refuse("the heads are not split or merged in the common way");
            }
            const Node& attention = g.node("attention");
            if (attention.formal_inputs > 4) return g.refuse("it has a cache");
            const Dims* out = dims_of(g.graph(), attention.outputs[0]);
            const Dims* merged = dims_of(g.graph(), g.replaced());
            if (out == nullptr || merged == nullptr || *merged != Dims{(*out)[0], (*out)[2], (*out)[1] * (*out)[3]}) {
              return g.refuse("the heads are not merged");
            }
            std::vector<ValueId> inputs{m["q"], m["k"], m["v"]};
            if (attention.formal_inputs == 4) inputs.push_back(attention.inputs[3]);
            Attributes attributes = attention.attributes;
            attributes.insert_or_assign("q_num_heads", q_heads);
            attributes.insert_or_assign("kv_num_heads", kv_heads);
            return g.add("Attention", 23, inputs, attributes);
          }};
}

}  // namespace mica
