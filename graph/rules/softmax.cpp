// e / sum(e),  e = exp(x - max(x))   =>   Softmax(x)     over one axis
#include <optional>

#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

// The one axis that a reduction runs over, counted from the front, when it keeps the dim.
static std::optional<int64_t> reduced_axis(const Graph& graph, const Node& reduction) {
  const Dims* dims = dims_of(graph, reduction.inputs[0]);
  const auto axes = integers(graph, reduction, "axes", 1);
  if (dims == nullptr || !axes || axes->size() != 1 || attribute(reduction, "keepdims", 1) == 0) return std::nullopt;
  const int64_t axis = axes->front();
  return axis < 0 ? axis + static_cast<int64_t>(dims->size()) : axis;
}

MICA_RULE(softmax, Fuse) {
  const Pattern x = any("x");
  const Pattern e = op("Exp", {x - op("ReduceMax", {x}).with_more_inputs().as("max")});
  return {e / op("ReduceSum", {e}).with_more_inputs().as("sum"), [](Rewriter& g, const Match& m) {
            const auto axis = reduced_axis(g.graph(), g.node("max"));
            if (!axis || axis != reduced_axis(g.graph(), g.node("sum"))) return g.refuse("not over one axis");
            const Dims* dims = dims_of(g.graph(), m["x"]);
            const bool last = *axis + 1 == static_cast<int64_t>(dims->size());
            // Before opset 13 it joins all axes from the one given on.
            if (g.root().opset < 13) {
              return last ? g.add("Softmax", 1, {m["x"]}, {{"axis", *axis}}) : g.refuse("not over the last axis");
            }
            return g.add("Softmax", 13, {m["x"]}, {{"axis", last ? -1 : *axis}});
          }};
}

}  // namespace mica
