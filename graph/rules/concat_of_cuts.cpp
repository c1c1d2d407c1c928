// Concat(x[.., 0:k], x[.., k:])   =>   x     Concat(Split(x))   =>   x     when all parts are there, in their order
#include "graph/facts.h"
#include "graph/rule.h"
#include "graph/slicing.h"

namespace mica {
namespace {

// x, when the inputs are the outputs of its Split along the axis.
ValueId split_from(const Graph& graph, const std::vector<ValueId>& inputs, int64_t axis) {
  const Node& split = graph.node(graph.value(inputs[0]).producer);
  const Dims* dims = dims_of(graph, split.inputs[0]);
  int64_t along = attribute(split, "axis", 0);
  if (along < 0 && dims == nullptr) return ValueId::None;
  along += along < 0 ? static_cast<int64_t>(dims->size()) : 0;
  return along == axis && split.outputs == inputs ? split.inputs[0] : ValueId::None;
}

// x, when the inputs are slices of it that follow each other along the axis, up to its end. (Where the axis ends before
// that, the last of them are empty.)
ValueId sliced_from(const Graph& graph, const std::vector<ValueId>& inputs, int64_t axis) {
  const ValueId x = graph.node(graph.value(inputs[0]).producer).inputs[0];
  const Dims* dims = dims_of(graph, x);
  if (dims == nullptr || axis >= static_cast<int64_t>(dims->size())) return ValueId::None;
  const Dim& length = (*dims)[static_cast<size_t>(axis)];
  int64_t reached = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == ValueId::None || graph.value(inputs[i]).producer == NodeId::None) return ValueId::None;
    const Node& slice = graph.node(graph.value(inputs[i]).producer);
    if (slice.op_type != "Slice" || !slice.domain.empty() || slice.inputs[0] != x) return ValueId::None;
    const auto all = cuts(graph, slice);
    if (!all || all->size() != 1 || all->begin()->first != axis) return ValueId::None;
    const Cut& cut = all->begin()->second;
    const bool last = i + 1 == inputs.size();
    if (cut.start != reached || cut.step != 1 || cut.end < cut.start) return ValueId::None;
    if (last) return cut.end >= Cut::kAnyEnd || length.is(cut.end) ? x : ValueId::None;
    reached = cut.end;
  }
  return ValueId::None;
}

}  // namespace

MICA_RULE(concat_of_cuts, Canonical) {
  return {op("Concat", {any("x")}).with_more_inputs(), [](Rewriter& g, const Match& m) {
            const Graph& graph = g.graph();
            const Dims* dims = dims_of(graph, g.replaced());
            int64_t axis = attribute(g.root(), "axis", 1);
            if (dims == nullptr || graph.value(m["x"]).producer == NodeId::None) return ValueId::None;
            axis += axis < 0 ? static_cast<int64_t>(dims->size()) : 0;
            const Node& first = graph.node(graph.value(m["x"]).producer);
            if (!first.domain.empty()) return ValueId::None;
            if (first.op_type == "Split") return split_from(graph, g.root().inputs, axis);
            return first.op_type == "Slice" ? sliced_from(graph, g.root().inputs, axis) : ValueId::None;
          }};
}

}  // namespace mica
