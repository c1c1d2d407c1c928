// Reshape(Attention(join(q), join(k), join(v)), [batch, heads, length, width])   =>   Attention(q, k, v)
// where join takes [batch, heads, length, width] to [batch heads, length, width], and the inner one is of one head.
#include <algorithm>
#include <array>

#include "graph/facts.h"
#include "graph/rule.h"
#include "graph/rules/attention_batches.h"

namespace mica {

MICA_RULE(attention_joined_batches, Block) {
  const auto join = [](const std::string& name) {
    return op("Reshape", {any(name)}).with_more_inputs().as(name + "_joined");
  };
  const Pattern attention = op("Attention", {join("q"), join("k"), join("v")}).with_more_inputs().as("attention");
  return {op("Reshape", {attention}).with_more_inputs(), [](Rewriter& g, const Match& m) {
            const Graph& graph = g.graph();
            const Node& attention = g.node("attention");
            const Dims* q = dims_of(graph, m["q"]);
            const Dims* v = dims_of(graph, m["v"]);
            const Dims* y = dims_of(graph, g.replaced());
            if (!is_of_one_head(attention)) return g.refuse("it has heads, a cache, or more results");
            for (const std::string name : {"q", "k", "v"}) {
              const Dims* dims = dims_of(graph, m[name]);
              const Dims* joined = dims_of(graph, g.node(name + "_joined").outputs[0]);
              if (q == nullptr || dims == nullptr || joined == nullptr || dims->size() != 4 || q->size() != 4) {
                return g.refuse("not of rank 4 before");
              }
              const bool same_heads = std::equal(dims->begin(), dims->begin() + 2, q->begin());
              if (!same_heads || !std::equal(dims->begin() + 2, dims->end(), joined->begin() + 1, joined->end())) {
                return g.refuse("more than batches and heads is joined");
              }
            }
            if (y == nullptr || *y != Dims{(*q)[0], (*q)[1], (*q)[2], (*v)[3]}) {
              return g.refuse("the heads are not told apart again");
            }
            const auto mask = mask_of_heads(g, input_of(attention, 3), (*q)[0], (*q)[1]);
            if (!mask) return ValueId::None;
            std::vector<ValueId> inputs{m["q"], m["k"], m["v"]};
            if (*mask != ValueId::None) inputs.push_back(*mask);
            Attributes attributes = attention.attributes;
            attributes.erase("q_num_heads");
            attributes.erase("kv_num_heads");
            return g.again(attention, std::move(inputs), std::move(attributes));
          }};
}

}  // namespace mica
