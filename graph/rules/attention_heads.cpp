// merge(Attention(split(q), split(k), split(v)))   =>   Attention(q, k, v) with numbers of heads
// where split takes [b, s, h, d] to [b, h, s, d] by a Transpose, and merge takes that to [b, s, h d] or [b s, h d].
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

bool swaps_heads(const Rewriter& g, const Node& transpose) {
  const auto perm = permutation(g.graph(), transpose);
  return perm && *perm == std::vector<int64_t>{0, 2, 1, 3};
}

// The number of heads of [b, s, h, d]; 0 when this is something else.
int64_t heads(const Rewriter& g, const Match& m, const std::string& name) {
  const Dims* dims = dims_of(g.graph(), m[name]);
  if (dims == nullptr || dims->size() != 4 || !swaps_heads(g, g.node(name + "_transpose"))) return 0;
  return (*dims)[2].is_constant() && (*dims)[3].is_constant() ? (*dims)[2].value() : 0;
}

// [b, s, h, d] as [b, s, h d].
ValueId joined(Rewriter& g, ValueId x) {
  const Dims& dims = *dims_of(g.graph(), x);
  const int64_t width = dims[2].value() * dims[3].value();
  return g.add("Reshape", 5, {x, g.add_constant(Tensor::of<int64_t>({3}, {0, 0, width}))});
}

// Whether nothing else uses the value.
bool used_once(const Graph& graph, ValueId value) {
  return graph.uses(value).size() == 1 && !graph.is_output(value);
}

}  // namespace

MICA_RULE(attention_heads, Block) {
  const auto split = [](const std::string& name) { return op("Transpose", {any(name)}).as(name + "_transpose"); };
  const Pattern attention = op("Attention", {split("q"), split("k"), split("v")}).with_more_inputs().as("attention");
  return {op("Reshape", {op("Transpose", {attention}).as("turned"), any("shape")}),
          [](Rewriter& g, const Match& m) {
            const int64_t q_heads = heads(g, m, "q");
            const int64_t kv_heads = heads(g, m, "k");
            if (q_heads < 1 || kv_heads < 1 || kv_heads != heads(g, m, "v") || !swaps_heads(g, g.node("turned"))) {
              return g.refuse("the heads are not split or merged in the common way");
            }
            const Node& old = g.node("attention");
            if (!used_once(g.graph(), old.outputs[0]) || !used_once(g.graph(), g.node("turned").outputs[0])) {
              return g.refuse("its heads are used apart");
            }
            const Dims* out = dims_of(g.graph(), old.outputs[0]);
            const Dims* merged = dims_of(g.graph(), g.replaced());
            if (out == nullptr || merged == nullptr || merged->empty() || (*merged).back() != (*out)[1] * (*out)[3]) {
              return g.refuse("the heads are not merged");
            }
            const bool as_matrix = merged->size() == 2;  // batches and positions are joined as well
            const int64_t width = merged->back().constant().value_or(0);
            if (!as_matrix && *merged != Dims{(*out)[0], (*out)[2], merged->back()}) {
              return g.refuse("the heads are not merged");
            }
            if (width < 1) return g.refuse("the width of the heads is not known");
            std::vector<ValueId> inputs(old.inputs.begin(),
                                        old.inputs.begin() + static_cast<std::ptrdiff_t>(old.formal_inputs));
            Attributes attributes = old.attributes;
            attributes.insert_or_assign("q_num_heads", q_heads);
            attributes.insert_or_assign("kv_num_heads", kv_heads);
            size_t at = 0;
            for (const auto* name : {"q", "k", "v"}) inputs[at++] = joined(g, m[name]);
            const ValueId y = g.instead_of(g.node("attention"), inputs, attributes);
            if (y == ValueId::None || !as_matrix) return y;
            return g.add("Reshape", 5, {y, g.add_constant(Tensor::of<int64_t>({2}, {-1, width}))});
          },
          true};
}

}  // namespace mica
