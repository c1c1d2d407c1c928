#include "tools/graph_count.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <system_error>

#include "tools/graph_walk.h"

namespace mica::tools {
namespace {

void add_weights(const Graph& graph, bool is_top, Weights& weights) {
  for (uint32_t i = 0; i < graph.value_count(); ++i) {
    const ValueId id{i};
    const Tensor& constant = graph.value(id).constant;
    const bool is_captured = !is_top && graph.captures.contains(id);
    if (!constant.defined() || is_captured || graph.is_unused(id)) continue;
    ++weights.tensors;
    weights.parameters += static_cast<size_t>(constant.elements());
    weights.bytes += constant.bytes();
    weights.by_type[std::string(name(constant.dtype()))] += static_cast<size_t>(constant.elements());
  }
}

}  // namespace

Weights count_weights(const Graph& graph) {
  Weights weights;
  add_weights(graph, true, weights);
  for_each_node(graph, [&](const Graph& outer, NodeId id, int) {
    for (const Subgraph& sub : outer.node(id).subgraphs) add_weights(*sub.graph, false, weights);
  });
  return weights;
}

std::vector<std::pair<std::string, size_t>> count_operators(const Graph& graph) {
  std::map<std::string, size_t> counts;
  for_each_node(graph, [&](const Graph& g, NodeId id, int) { ++counts[operator_name(g.node(id))]; });
  std::vector<std::pair<std::string, size_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, std::greater<>(), &std::pair<std::string, size_t>::second);
  return sorted;
}

size_t file_size(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<size_t>(size);
}

}  // namespace mica::tools
