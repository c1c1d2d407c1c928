// Slice(Concat(a, b, c))   =>   b, or Concat(b, c)     where the cut takes whole parts along the axis of the Concat
#include <algorithm>
#include <optional>

#include "graph/facts.h"
#include "graph/rule.h"
#include "graph/slicing.h"

namespace mica {
namespace {

// Where each part begins along the axis, and the last one ends; nullopt when a length is not known.
std::optional<std::vector<int64_t>> bounds(const Graph& graph, const Node& concat, int64_t axis) {
  std::vector<int64_t> result{0};
  for (const ValueId part : concat.inputs) {
    const Dims* dims = dims_of(graph, part);
    if (dims == nullptr || axis < 0 || axis >= static_cast<int64_t>(dims->size())) return std::nullopt;
    const Dim& length = (*dims)[static_cast<size_t>(axis)];
    if (!length.is_constant()) return std::nullopt;
    result.push_back(result.back() + length.value());
  }
  return result;
}

ValueId rewrite(Rewriter& g, const Match&) {
  const Graph& graph = g.graph();
  const Node& concat = g.node("concat");
  const auto all = cuts(graph, g.root());
  const Dims* dims = dims_of(graph, concat.outputs[0]);
  if (!all || all->size() != 1 || dims == nullptr) return ValueId::None;
  const auto& [along, cut] = *all->begin();
  int64_t axis = attribute(concat, "axis", 1);
  axis += axis < 0 ? static_cast<int64_t>(dims->size()) : 0;
  const auto parts = bounds(graph, concat, axis);
  if (along != axis || cut.step != 1 || !parts) return ValueId::None;
  const int64_t length = parts->back();
  const auto place = [&](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + length : i, 0, length); };
  const auto begin = std::ranges::find(*parts, place(cut.start));
  const auto end = std::ranges::find(*parts, place(cut.end));
  if (begin == parts->end() || end == parts->end() || end <= begin) return ValueId::None;
  const std::vector<ValueId> taken(concat.inputs.begin() + (begin - parts->begin()),
                                   concat.inputs.begin() + (end - parts->begin()));
  return taken.size() == 1 ? taken[0] : g.again(concat, taken, concat.attributes);
}

}  // namespace

MICA_RULE(slice_of_concat, Canonical) {
  const Pattern concat = op("Concat", {any("first")}).with_more_inputs().as("concat");
  return {op("Slice", {concat}).with_more_inputs(), rewrite, true};
}

}  // namespace mica
