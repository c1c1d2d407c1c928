#include "graph/edit.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace mica {

void for_each_graph(Graph& graph, const std::function<void(Graph&)>& visit) {
  visit(graph);
  for (uint32_t i = 0; i < graph.node_count(); ++i) {
    const Node& node = graph.node(NodeId{i});
    if (!node.alive) continue;
    for (const Subgraph& sub : node.subgraphs) for_each_graph(*sub.graph, visit);
  }
}

size_t living_nodes(const Graph& graph) {
  size_t count = 0;
  for (uint32_t i = 0; i < graph.node_count(); ++i) {
    const Node& node = graph.node(NodeId{i});
    if (!node.alive) continue;
    ++count;
    for (const Subgraph& sub : node.subgraphs) count += living_nodes(*sub.graph);
  }
  return count;
}

bool is_constant(const Graph& graph, ValueId id) {
  return id != ValueId::None && graph.value(id).constant.defined() && !graph.is_input(id);
}

bool comes_from_outside(const Graph& graph, ValueId id) {
  return graph.is_input(id) || graph.captures.contains(id);
}

void fix_input_dims(Graph& graph, const SymbolValues& values) {
  for (const ValueId id : graph.inputs) {
    auto& dims = graph.value(id).type.dims;
    if (!dims) continue;
    for (Dim& dim : *dims) dim = substitute(dim, values);
  }
}

bool redirect(Graph& graph, ValueId from, ValueId to) {
  if (graph.is_output(from)) {
    if (comes_from_outside(graph, to) || graph.is_output(to)) {
      const std::vector<Use> moved(graph.uses(from).begin(), graph.uses(from).end());
      for (const Use& use : moved) graph.set_input(use.node, use.index, to);
      return !moved.empty();
    }
    const std::string name = graph.value(from).name;
    graph.rename(from, "");
    graph.rename(to, name);
  }
  const bool changed = !graph.is_unused(from);
  graph.replace_uses(from, to);
  return changed;
}

void make_constant(Graph& graph, ValueId id, Tensor tensor) {
  Value& value = graph.value(id);
  value.type = ValueType::tensor(tensor.dtype(), to_dims(tensor.shape()));
  value.constant = std::move(tensor);
  if (value.producer == NodeId::None) return;
  const NodeId producer = value.producer;
  const auto& outputs = graph.node(producer).outputs;
  graph.drop_output(producer, static_cast<size_t>(std::ranges::find(outputs, id) - outputs.begin()));
  remove_unused(graph, producer);
}

size_t remove_unused(Graph& graph, NodeId id) {
  size_t removed = 0;
  std::vector<NodeId> candidates{id};
  while (!candidates.empty()) {
    const NodeId candidate = candidates.back();
    candidates.pop_back();
    const Node& node = graph.node(candidate);
    const auto unwanted = [&](ValueId output) { return output == ValueId::None || graph.is_unused(output); };
    if (!node.alive || !std::ranges::all_of(node.outputs, unwanted)) continue;
    for (const ValueId input : node.inputs) {
      if (input == ValueId::None || graph.value(input).producer == NodeId::None) continue;
      candidates.push_back(graph.value(input).producer);
    }
    graph.remove_node(candidate);
    ++removed;
  }
  return removed;
}

}  // namespace mica
