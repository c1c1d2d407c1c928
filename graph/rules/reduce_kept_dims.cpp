// Squeeze(ReduceX(x), its axes)                 =>   ReduceX(x) {keepdims = 0}
// Unsqueeze(ReduceX(x) {keepdims = 0}, its axes)   =>   ReduceX(x) {keepdims = 1}
#include <algorithm>
#include <optional>

#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

// Axes counted from the front, in order; nullopt when they are not known.
std::optional<std::vector<int64_t>> sorted_axes(const Graph& graph, const Node& node, size_t rank) {
  auto axes = integers(graph, node, "axes", 1);
  if (!axes || axes->empty()) return std::nullopt;
  for (int64_t& axis : *axes) axis += axis < 0 ? static_cast<int64_t>(rank) : 0;
  std::ranges::sort(*axes);
  return axes;
}

ValueId rewrite(Rewriter& g, const Match& m) {
  const Node& reduction = g.node("reduction");
  const Dims* dims = dims_of(g.graph(), m["x"]);
  if (dims == nullptr) return g.refuse("the rank is not known");
  const bool keeps = attribute(reduction, "keepdims", 1) != 0;
  if (keeps != (g.root().op_type == "Squeeze")) return ValueId::None;
  const auto reduced = sorted_axes(g.graph(), reduction, dims->size());
  const auto changed = sorted_axes(g.graph(), g.root(), dims->size());
  if (!reduced || reduced != changed) return ValueId::None;
  std::vector<ValueId> inputs(reduction.inputs.begin(),
                              reduction.inputs.begin() + static_cast<int64_t>(reduction.formal_inputs));
  Attributes attributes = reduction.attributes;
  attributes["keepdims"] = int64_t{keeps ? 0 : 1};
  return g.again(reduction, std::move(inputs), std::move(attributes));
}

}  // namespace

MICA_RULE(reduce_kept_dims, Canonical) {
  std::vector<Pattern> spellings;
  for (const auto* name : {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
                           "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"}) {
    const Pattern reduction = op(name, {any("x")}).with_more_inputs().as("reduction");
    for (const auto* change : {"Squeeze", "Unsqueeze"}) {
      spellings.push_back(op(change, {reduction}).with_more_inputs());
    }
  }
  return {one_of(spellings), rewrite};
}

}  // namespace mica
