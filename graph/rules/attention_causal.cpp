// Attention(q, k, v, table[p:p+s, :p+s])   =>   Attention(q, k, v, is_causal = 1)
// where the table is a constant that shows each query the keys up to its own position, s is the number of queries, and
// p that of the keys in the cache: 0 without one, and there are as many queries as keys then.
#include "graph/facts.h"
#include "graph/rule.h"
#include "graph/rules/attention_mask.h"

namespace mica {
namespace {

enum Input : size_t { kQ, kK, kV, kMask, kPastKey };

// Keys that are in the cache; null when that is not known.
const Dim* past_of(const Graph& graph, const Node& attention) {
  static const Dim kNone = 0;
  if (input_of(attention, kPastKey) == ValueId::None) return &kNone;
  const Dims* past = dims_of(graph, attention.inputs[kPastKey]);
  return past != nullptr && past->size() == 4 ? &(*past)[2] : nullptr;
}

}  // namespace

MICA_RULE(attention_causal, Block) {
  const Pattern attention = op("Attention", {any("q"), any("k"), any("v"), any("mask")}).with_more_inputs();
  return {attention, [](Rewriter& g, const Match& m) {
            const Graph& graph = g.graph();
            const MaskTable found = mask_table(graph, m["mask"]);
            if (found.table == nullptr || !is_causal(*found.table, g.type(m["mask"]).dtype)) return ValueId::None;
            const Dims* q = dims_of(graph, m["q"]);
            const Dims* k = dims_of(graph, m["k"]);
            const Dims* mask = dims_of(graph, m["mask"]);
            const Dim* past = past_of(graph, g.root());
            if (q == nullptr || k == nullptr || mask == nullptr || past == nullptr || q->size() != k->size()) {
              return ValueId::None;
            }
            const Dim& queries = (*q)[q->size() - 2];
            if (queries != (*k)[k->size() - 2]) return g.refuse("there are not as many queries as new keys");
            if (found.first_row != *past) return g.refuse("the mask does not begin with the row of the first query");
            const Dims tail(mask->end() - 2, mask->end());
            if (!same_where_valid(tail[0], queries) || !same_where_valid(tail[1], *past + queries)) {
              return g.refuse("the mask is not cut to the length");
            }
            if (attribute(g.root(), "is_causal", 0) != 0) return ValueId::None;
            std::vector<ValueId> inputs = g.root().inputs;
            inputs[kMask] = ValueId::None;
            while (inputs.back() == ValueId::None) inputs.pop_back();
            Attributes attributes = g.root().attributes;
            attributes.insert_or_assign("is_causal", int64_t{1});
            return g.instead_of(g.root(), inputs, attributes);
          }};
}

}  // namespace mica
