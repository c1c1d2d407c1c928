// Walks over a graph and the graphs inside its nodes.
#pragma once

#include <functional>

#include "graph/graph.h"

namespace mica::tools {

/// Calls `visit` for every living node, in an order of execution, and after a node for those of its subgraphs.
/// `depth` is 0 outside of subgraphs.
void for_each_node(const Graph& graph, const std::function<void(const Graph& graph, NodeId node, int depth)>& visit);

/// "ai.onnx" for "".
std::string domain_name(const std::string& domain);
/// `Add`, `com.microsoft.Gelu`.
std::string operator_name(const Node& node);

}  // namespace mica::tools
