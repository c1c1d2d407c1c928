// If(constant, then, else)   =>   the nodes of the branch that is taken, in the place of the If
#include <algorithm>
#include <optional>
#include <vector>

#include "graph/edit.h"
#include "graph/inference.h"
#include "graph/passes/pass.h"

namespace mica {
namespace {

std::optional<bool> condition(const Graph& graph, const Node& node) {
  if (node.op_type != "If" || !node.domain.empty() || node.op == nullptr) return std::nullopt;
  if (!is_constant(graph, node.inputs[0])) return std::nullopt;
  const Tensor& constant = graph.value(node.inputs[0]).constant;
  if (constant.dtype() != DType::Bool || constant.elements() != 1) return std::nullopt;
  return *constant.data<bool>();
}

/// Moves the nodes of a branch into the graph around it.
class Splice {
 public:
  Splice(Graph& outer, Graph& branch, const Node& node) : outer_(outer), branch_(branch) {
    places_.assign(branch.value_count(), ValueId::None);
    for (size_t i = 0; i < branch.captures.size(); ++i) {
      if (branch.captures[i] != ValueId::None) place(branch.captures[i]) = node.inputs[node.formal_inputs + i];
    }
  }

  void move_nodes() {
    for (const NodeId id : branch_.order()) {
      Node& from = branch_.node(id);
      Node node;
      node.domain = std::move(from.domain);
      node.op_type = std::move(from.op_type);
      node.name = std::move(from.name);
      node.opset = from.opset;
      node.formal_inputs = from.formal_inputs;
      node.attributes = std::move(from.attributes);
      node.subgraphs = std::move(from.subgraphs);
      node.op = from.op;
      node.params = std::move(from.params);
      for (const ValueId input : from.inputs) node.inputs.push_back(moved(input));
      for (const ValueId output : from.outputs) node.outputs.push_back(moved(output));
      outer_.add_node(std::move(node));
    }
  }

  /// What a value of the branch is in the graph around it.
  ValueId moved(ValueId id) {
    if (id == ValueId::None) return ValueId::None;
    if (place(id) == ValueId::None) {
      Value& value = branch_.value(id);
      place(id) = outer_.add_value(value.name, std::move(value.type));
      outer_.value(place(id)).constant = std::move(value.constant);
    }
    return place(id);
  }

 private:
  ValueId& place(ValueId id) { return places_[static_cast<size_t>(id)]; }

  Graph& outer_;
  Graph& branch_;
  std::vector<ValueId> places_;  // by value of the branch
};

// A graph's output needs a node of its own where the value comes from outside, or is another output.
ValueId copied(Graph& graph, const OpTable& operators, ValueId id, int64_t opset) {
  Node node;
  node.op_type = "Identity";
  node.opset = opset;
  return graph.node(add_node(graph, operators, std::move(node), {id})).outputs[0];
}

bool inline_branch(PassContext& context, Graph& graph, NodeId id, bool taken) {
  Node& node = graph.node(id);
  const std::string where = node.str();
  const auto sub = std::ranges::find(node.subgraphs, taken ? "then_branch" : "else_branch", &Subgraph::name);
  if (sub == node.subgraphs.end() || sub->graph->outputs.size() < node.outputs.size()) return false;
  const std::unique_ptr<Graph> branch = std::move(sub->graph);
  const std::vector<ValueId> outputs = node.outputs;
  const int64_t opset = node.opset;
  Splice splice(graph, *branch, node);
  splice.move_nodes();  // from here on `node` may have moved
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i] == ValueId::None) continue;
    ValueId result = splice.moved(branch->outputs[i]);
    if (graph.is_output(outputs[i]) && (comes_from_outside(graph, result) || graph.is_output(result))) {
      result = copied(graph, context.operators, result, opset);
    }
    if (!graph.value(result).type.is_tensor() || !graph.value(result).type.dims) {
      graph.value(result).type = graph.value(outputs[i]).type;
    }
    redirect(graph, outputs[i], result);
  }
  graph.remove_node(id);
  context.notes.applied("inline_if", where, taken ? "then" : "else", 0);
  return true;
}

size_t inline_in(PassContext& context, Graph& graph) {
  size_t count = 0;
  for (const NodeId id : graph.order()) {
    if (!graph.node(id).alive) continue;
    const auto taken = condition(graph, graph.node(id));
    if (taken && inline_branch(context, graph, id, *taken)) ++count;
  }
  return count;
}

}  // namespace

size_t inline_if(PassContext& context) {
  size_t count = 0;
  for_each_graph(*context.model.graph, [&](Graph& graph) { count += inline_in(context, graph); });
  return count;
}

}  // namespace mica
