#include "graph/rules/attention_batches.h"

#include <algorithm>

#include "graph/facts.h"

namespace mica {

const Node* producer_of(const Graph& graph, ValueId id, std::string_view op_type) {
  const NodeId node = graph.value(id).producer;
  const bool fits = node != NodeId::None && graph.node(node).domain.empty() && graph.node(node).op_type == op_type;
  return fits ? &graph.node(node) : nullptr;
}

bool is_of_one_head(const Node& attention) {
  if (attribute(attention, "q_num_heads", 0) != 1 || attribute(attention, "kv_num_heads", 0) != 1) return false;
  for (size_t i = 4; i < attention.formal_inputs; ++i) {
    if (attention.inputs[i] != ValueId::None) return false;
  }
  const auto is_absent = [](ValueId output) { return output == ValueId::None; };
  return std::all_of(attention.outputs.begin() + 1, attention.outputs.end(), is_absent);
}

std::optional<ValueId> mask_of_heads(Rewriter& g, ValueId mask, const Dim& batch, const Dim& heads) {
  if (mask == ValueId::None) return mask;
  const Graph& graph = g.graph();
  const Dims* dims = dims_of(graph, mask);
  if (dims != nullptr && (dims->size() == 2 || (dims->size() == 4 && (*dims)[0].is(1) && (*dims)[1].is(1))))
    return mask;
  const Node* joined = producer_of(graph, mask, "Reshape");
  const Dims* source = joined == nullptr ? nullptr : dims_of(graph, joined->inputs[0]);
  if (dims == nullptr || source == nullptr || dims->size() != 4 || source->size() != 4 || (*source)[0] != batch ||
      (*source)[1] != heads || !std::equal(dims->end() - 2, dims->end(), source->end() - 2)) {
    g.refuse("the mask differs between batches, and is not one of batches and heads");
    return std::nullopt;
  }
  // One that is the same for all heads need not be repeated for them.
  const Node* expanded = producer_of(graph, joined->inputs[0], "Expand");
  const Dims* before = expanded == nullptr ? nullptr : dims_of(graph, expanded->inputs[0]);
  const bool whole = before != nullptr && before->size() == 4 && before->back() == dims->back();
  return whole ? expanded->inputs[0] : joined->inputs[0];
}

}  // namespace mica
