#include "graph/opsets.h"

#include <algorithm>
#include <string>

#include "graph/edit.h"
#include "runtime/base/error.h"

namespace mica {
namespace {

void raise(Node& node, int64_t version, const OpTable& operators) {
  if (node.op == nullptr || node.op != operators.find(node.domain, node.op_type, version)) {
    throw Error(ErrorCode::Unsupported, node.str() + " is of opset " + std::to_string(node.opset) +
                                            ", and not the same operator in opset " + std::to_string(version) +
                                            ", which other nodes need");
  }
  node.opset = version;
  resolve(node, operators);
}

}  // namespace

void unify_opsets(GraphModel& model, const OpTable& operators) {
  const auto for_each_living = [&](const auto& visit) {
    for_each_graph(*model.graph, [&](Graph& graph) {
      for (uint32_t i = 0; i < graph.node_count(); ++i) {
        if (graph.node(NodeId{i}).alive) visit(graph.node(NodeId{i}));
      }
    });
  };
  for_each_living([&](const Node& node) {
    int64_t& version = model.opsets.try_emplace(node.domain, node.opset).first->second;
    version = std::max(version, node.opset);
  });
  for_each_living([&](Node& node) {
    const int64_t version = model.opsets.at(node.domain);
    if (node.opset != version) raise(node, version, operators);
  });
}

}  // namespace mica
