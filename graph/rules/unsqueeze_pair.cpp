// Unsqueeze(Unsqueeze(x, a), b)   =>   Unsqueeze(x, a and b)     where a Reshape could not write the dims
#include <algorithm>
#include <optional>

#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

// Axes of an Unsqueeze in its output, in order; nullopt when they are not known.
std::optional<std::vector<int64_t>> axes_of(const Graph& graph, const Node& node) {
  auto axes = integers(graph, node, "axes", 1);
  if (!axes) return std::nullopt;
  const Dims* dims = dims_of(graph, node.outputs[0]);
  for (int64_t& axis : *axes) {
    if (axis < 0 && dims == nullptr) return std::nullopt;
    axis += axis < 0 ? static_cast<int64_t>(dims->size()) : 0;
  }
  std::ranges::sort(*axes);
  return axes;
}

}  // namespace

MICA_RULE(unsqueeze_pair, Canonical) {
  const Pattern inner = op("Unsqueeze", {any("x")}).with_more_inputs().as("inner");
  return {op("Unsqueeze", {inner}).with_more_inputs(), [](Rewriter& g, const Match& m) {
            const auto inner = axes_of(g.graph(), g.node("inner"));
            const auto outer = axes_of(g.graph(), g.root());
            if (!inner || !outer) return g.refuse("the axes are not known");
            std::vector<int64_t> axes = *outer;
            for (int64_t axis : *inner) {  // moves behind those that the outer one puts before it
              for (const int64_t put : *outer) axis += put <= axis ? 1 : 0;
              axes.push_back(axis);
            }
            std::ranges::sort(axes);
            if (g.root().opset < 13) return g.again(g.root(), {m["x"]}, {{"axes", axes}});
            const Shape count{static_cast<int64_t>(axes.size())};
            return g.again(g.root(), {m["x"], g.add_constant(Tensor::of<int64_t>(count, axes))}, {});
          }};
}

}  // namespace mica
