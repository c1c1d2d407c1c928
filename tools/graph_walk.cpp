#include "tools/graph_walk.h"

namespace mica::tools {
namespace {

using Visit = std::function<void(const Graph&, NodeId, int)>;

void walk(const Graph& graph, int depth, const Visit& visit) {
  for (const NodeId id : graph.order()) {
    visit(graph, id, depth);
    for (const Subgraph& sub : graph.node(id).subgraphs) walk(*sub.graph, depth + 1, visit);
  }
}

}  // namespace

void for_each_node(const Graph& graph, const Visit& visit) {
  walk(graph, 0, visit);
}

std::string domain_name(const std::string& domain) {
  return domain.empty() ? "ai.onnx" : domain;
}

std::string operator_name(const Node& node) {
  return node.domain.empty() ? node.op_type : node.domain + "." + node.op_type;
}

}  // namespace mica::tools
