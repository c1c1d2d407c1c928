#include <algorithm>
#include <vector>

#include "graph/edit.h"
#include "graph/passes/pass.h"

namespace mica {
namespace {

// Captures of a node's subgraphs that no subgraph uses.
size_t drop_captures(Graph& graph, NodeId id) {
  const size_t formal = graph.node(id).formal_inputs;
  size_t dropped = 0;
  for (size_t i = graph.node(id).inputs.size(); i-- > formal;) {
    bool used = false;
    for (const Subgraph& sub : graph.node(id).subgraphs) {
      const ValueId capture = sub.graph->captures[i - formal];
      if (capture == ValueId::None) continue;
      const bool is_idle = sub.graph->is_unused(capture);
      if (is_idle) {
        sub.graph->value(capture).constant = {};
        sub.graph->captures.set(i - formal, ValueId::None);
      }
      used |= !is_idle;
    }
    if (used) continue;
    for (const Subgraph& sub : graph.node(id).subgraphs) sub.graph->captures.erase(i - formal);
    graph.erase_input(id, i);
    ++dropped;
  }
  return dropped;
}

// Optional outputs need not be computed. An output of a variadic list stays: their number has a meaning.
size_t drop_outputs(Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (node.op == nullptr) return 0;
  size_t dropped = 0;
  const auto& formals = node.op->def().outputs;
  for (size_t i = 0; i < node.outputs.size() && i < formals.size(); ++i) {
    if (!formals[i].optional || formals[i].variadic) continue;
    if (node.outputs[i] == ValueId::None || !graph.is_unused(node.outputs[i])) continue;
    graph.drop_output(id, i);
    ++dropped;
  }
  return dropped;
}

size_t sweep(Graph& graph) {
  size_t removed = 0;
  std::vector<NodeId> order = graph.order();
  std::ranges::reverse(order);
  for (const NodeId id : order) {
    const Node& node = graph.node(id);
    const auto unwanted = [&](ValueId output) { return output == ValueId::None || graph.is_unused(output); };
    if (std::ranges::all_of(node.outputs, unwanted)) {
      graph.remove_node(id);
      ++removed;
      continue;
    }
    for (const Subgraph& sub : node.subgraphs) removed += sweep(*sub.graph);
    if (!node.subgraphs.empty()) removed += drop_captures(graph, id);
    removed += drop_outputs(graph, id);
  }
  for (uint32_t i = 0; i < graph.value_count(); ++i) {
    const ValueId id{i};
    if (!graph.value(id).constant.defined() || !graph.is_unused(id) || comes_from_outside(graph, id)) continue;
    graph.value(id).constant = {};
    ++removed;
  }
  return removed;
}

}  // namespace

size_t eliminate_dead(PassContext& context) {
  return sweep(*context.model.graph);
}

}  // namespace mica
