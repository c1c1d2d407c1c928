#include "graph/opsets.h"

#include <algorithm>
#include <string>

#include "graph/edit.h"
#include "graph/inference.h"
#include "graph/text_format.h"
#include "graph/upgrade.h"
#include "runtime/base/error.h"

namespace mica {
namespace {

// Calls visit(graph, id) for the living nodes of all graphs, less the ones it adds.
void for_each_living(GraphModel& model, const auto& visit) {
  for_each_graph(*model.graph, [&](Graph& graph) {
    const size_t count = graph.node_count();
    for (uint32_t i = 0; i < count; ++i) {
      if (graph.node(NodeId{i}).alive) visit(graph, NodeId{i});
    }
  });
}

void raise(Graph& graph, NodeId id, int64_t version, const OpTable& operators) {
  Node& node = graph.node(id);
  if (node.domain.empty()) return upgrade(graph, id, version, operators);
  if (node.op == nullptr || node.op != operators.find(node.domain, node.op_type, version)) {
    throw Error(ErrorCode::Unsupported, node.str() + " is of opset " + std::to_string(node.opset) +
                                            ", and not the same operator in opset " + std::to_string(version) +
                                            ", which other nodes need");
  }
  node.opset = version;
  resolve(node, operators);
}

// Leaves types as they are where the model contradicts itself, as in a branch that no run takes.
void infer_quietly(Graph& graph) {
  try {
    infer_types(graph);
  } catch (const Error&) {
  }
}

}  // namespace

void raise_opset(GraphModel& model, int64_t version, const OpTable& operators) {
  const auto imported = model.opsets.find("");
  const std::string wanted = "opset " + std::to_string(version);
  if (imported != model.opsets.end() && version < imported->second) {
    throw Error(ErrorCode::InvalidArgument, wanted + " is lower than the model's, " + std::to_string(imported->second) +
                                                ": opsets are raised only");
  }
  if (version < 1 || version > kNewestOpset) {
    throw Error(ErrorCode::InvalidArgument, wanted + " is not known; the newest is " + std::to_string(kNewestOpset));
  }
  infer_quietly(*model.graph);
  for_each_living(model, [&](Graph& graph, NodeId id) {
    if (graph.node(id).domain.empty()) upgrade(graph, id, version, operators);
  });
  model.opsets[""] = version;
  infer_quietly(*model.graph);
}

void unify_opsets(GraphModel& model, const OpTable& operators) {
  for_each_living(model, [&](const Graph& graph, NodeId id) {
    const Node& node = graph.node(id);
    int64_t& version = model.opsets.try_emplace(node.domain, node.opset).first->second;
    version = std::max(version, node.opset);
  });
  bool raised = false;
  for_each_living(model, [&](Graph& graph, NodeId id) {
    const int64_t version = model.opsets.at(graph.node(id).domain);
    if (graph.node(id).opset == version) return;
    raise(graph, id, version, operators);
    raised = true;
  });
  if (raised) infer_quietly(*model.graph);
}

}  // namespace mica
