#include "tools/node_flops.h"

#include <algorithm>
#include <string>

#include "graph/facts.h"
#include "graph/infer_context.h"
#include "runtime/base/error.h"
#include "tools/graph_walk.h"

namespace mica::tools {
namespace {

bool counts(const Node& node) {
  return node.op != nullptr && node.op->def().flops != nullptr;
}

bool is_known(const Dim& flops) {
  return std::ranges::none_of(flops.symbols(), [](const std::string& symbol) { return is_unknown_symbol(symbol); });
}

}  // namespace

std::optional<Dim> node_flops(const Node& node, const OperandDims& dims) {
  if (!counts(node) || dims.outputs.empty() || dims.outputs[0] == nullptr) return std::nullopt;
  const OpDef& def = node.op->def();
  for (size_t i = 0; i < def.inputs.size(); ++i) {
    if (!def.inputs[i].optional && !dims.has(i)) return std::nullopt;
  }
  try {
    const Dim flops = def.flops(node.params.get(), dims);
    return flops.is(0) || !is_known(flops) ? std::nullopt : std::optional(flops);
  } catch (const Error&) {  // more than a Dim can hold
    return std::nullopt;
  }
}

GraphFlops graph_flops(const Graph& graph) {
  GraphFlops total;
  for_each_node(graph, [&](const Graph& around, NodeId id, int) {
    const Node& node = around.node(id);
    if (!counts(node)) return;
    OperandDims dims;
    for (size_t i = 0; i < node.formal_inputs; ++i) dims.inputs.push_back(dims_of(around, node.inputs[i]));
    for (const ValueId output : node.outputs) dims.outputs.push_back(dims_of(around, output));
    const auto flops = node_flops(node, dims);
    try {
      if (flops) total.known = total.known + *flops;
      if (flops) return;
    } catch (const Error&) {
    }
    ++total.unknown;
  });
  return total;
}

}  // namespace mica::tools
