// Attention(q, k, v, table[:s, :s])   =>   Attention(q, k, v, is_causal = 1)
// where the table is a constant that shows each query the keys up to its own position, and there are as many queries
// as keys.
#include <algorithm>
#include <cmath>
#include <optional>

#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

// The constant that the mask is the beginning of; None when it is something else.
ValueId table_of(const Graph& graph, ValueId mask) {
  while (!is_constant(graph, mask)) {
    const NodeId producer = graph.value(mask).producer;
    if (producer == NodeId::None || graph.node(producer).op_type != "Slice") return ValueId::None;
    const Node& slice = graph.node(producer);
    const auto starts = integers(graph, slice, "starts", 1);
    if (!starts || !std::ranges::all_of(*starts, [](int64_t start) { return start == 0; })) return ValueId::None;
    if (input_of(slice, 4) != ValueId::None) {
      const auto steps = integers(graph, slice.inputs[4]);
      if (!steps || !std::ranges::all_of(*steps, [](int64_t step) { return step == 1; })) return ValueId::None;
    }
    mask = slice.inputs[0];
  }
  return mask;
}

// Whether element (i, j) is `shown` for j <= i and `hidden` otherwise, in the only matrix of the tensor.
template <class T>
bool is_triangle(const Tensor& table, T shown, T hidden) {
  const Shape& shape = table.shape();
  if (shape.rank() < 2 || shape.elements(0, shape.rank() - 2) != 1) return false;
  const int64_t columns = shape.back();
  for (int64_t at = 0; at < table.elements(); ++at) {
    if (table.data<T>()[at] != (at % columns <= at / columns ? shown : hidden)) return false;
  }
  return true;
}

bool is_causal(const Tensor& table) {
  if (table.dtype() == DType::Bool) return is_triangle<bool>(table, true, false);
  return table.dtype() == DType::F32 && is_triangle<float>(table, 0, -INFINITY);
}

}  // namespace

MICA_RULE(attention_causal, Block) {
  const Pattern mask = any("mask");
  return {op("Attention", {any("q"), any("k"), any("v"), mask}), [](Rewriter& g, const Match& m) {
            const Graph& graph = g.graph();
            const ValueId table = table_of(graph, m["mask"]);
            if (table == ValueId::None || !is_causal(graph.value(table).constant)) return ValueId::None;
            const Dims* q = dims_of(graph, m["q"]);
            const Dims* k = dims_of(graph, m["k"]);
            const Dims* mask = dims_of(graph, m["mask"]);
            if (q == nullptr || k == nullptr || mask == nullptr || q->size() != k->size()) return ValueId::None;
            const Dim& queries = (*q)[q->size() - 2];
            if (queries != (*k)[k->size() - 2]) return g.refuse("there are not as many queries as keys");
            const Dims tail(mask->end() - 2, mask->end());
            if (!same_where_valid(tail[0], queries) || !same_where_valid(tail[1], queries)) {
              return g.refuse("the mask is not cut to the length");
            }
            if (attribute(g.root(), "is_causal", 0) != 0 || g.root().outputs.size() > 1) return ValueId::None;
            Attributes attributes = g.root().attributes;
            attributes.insert_or_assign("is_causal", int64_t{1});
            return g.add("Attention", 23, {m["q"], m["k"], m["v"]}, attributes);
          }};
}

}  // namespace mica
