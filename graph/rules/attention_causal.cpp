// Attention(q, k, v, mask)   =>   Attention(q, k, v, rest, is_causal = 1)
// where the mask shows each query the keys up to its own position, and nothing that the rest, if there is any, hides.
// Keys in a cache stand before those of the first query; without one there are as many queries as keys.
#include "graph/facts.h"
#include "graph/rule.h"
#include "graph/rules/causal_mask.h"

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

bool has_rows(const Graph& graph, ValueId mask, const Dim& queries) {
  const Dims* dims = dims_of(graph, mask);
  return mask == ValueId::None || (dims != nullptr && dims->size() > 1 && (*dims)[dims->size() - 2] == queries);
}

}  // namespace

MICA_RULE(attention_causal, Block) {
  const Pattern attention = op("Attention", {any("q"), any("k"), any("v"), any("mask")}).with_more_inputs();
  return {attention, [](Rewriter& g, const Match& m) {
            const Graph& graph = g.graph();
            if (attribute(g.root(), "is_causal", 0) != 0) return ValueId::None;
            const auto found = causal_mask(g, m["mask"]);
            if (!found) return ValueId::None;
            const Dims* q = dims_of(graph, m["q"]);
            const Dims* k = dims_of(graph, m["k"]);
            const Dim* past = past_of(graph, g.root());
            if (q == nullptr || k == nullptr || past == nullptr || q->size() != k->size()) return ValueId::None;
            const Dim& queries = (*q)[q->size() - 2];
            if (queries != (*k)[k->size() - 2]) return g.refuse("there are not as many queries as new keys");
            if (found->first_row != *past) return g.refuse("the mask does not begin with the row of the first query");
            if (!same_where_valid(found->rows, queries) || !same_where_valid(found->columns, *past + queries)) {
              return g.refuse("the mask is not cut to the length");
            }
            if (g.target() == Target::Portable && !has_rows(graph, found->rest, queries)) {
              return g.refuse("other engines may not repeat the rest of the mask for all queries");
            }
            std::vector<ValueId> inputs = g.root().inputs;
            inputs[kMask] = found->rest;
            while (inputs.back() == ValueId::None) inputs.pop_back();
            Attributes attributes = g.root().attributes;
            attributes.insert_or_assign("is_causal", int64_t{1});
            return g.instead_of(g.root(), inputs, attributes);
          }};
}

}  // namespace mica
