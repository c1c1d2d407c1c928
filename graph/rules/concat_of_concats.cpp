// Concat(Concat(a, b), c)   =>   Concat(a, b, c)     along one axis
#include <optional>

#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

// The axis of a Concat counted from the front; nullopt when that needs a rank that is not known.
std::optional<int64_t> axis_of(const Graph& graph, const Node& concat) {
  const int64_t axis = attribute(concat, "axis", 1);
  if (axis >= 0) return axis;
  const Dims* dims = dims_of(graph, concat.outputs[0]);
  return dims == nullptr ? std::nullopt : std::optional(axis + static_cast<int64_t>(dims->size()));
}

// The parts of an input that is a Concat itself, for nobody else; none when it is not.
std::vector<ValueId> parts(const Graph& graph, ValueId id, int64_t axis) {
  if (id == ValueId::None || graph.value(id).producer == NodeId::None) return {};
  if (graph.uses(id).size() != 1 || graph.is_output(id)) return {};
  const Node& node = graph.node(graph.value(id).producer);
  if (node.op_type != "Concat" || !node.domain.empty() || axis_of(graph, node) != axis) return {};
  return node.inputs;
}

}  // namespace

MICA_RULE(concat_of_concats, Canonical) {
  return {op("Concat", {any("x")}).with_more_inputs(), [](Rewriter& g, const Match&) {
            const auto axis = axis_of(g.graph(), g.root());
            if (!axis) return ValueId::None;
            std::vector<ValueId> inputs;
            for (const ValueId input : g.root().inputs) {
              const std::vector<ValueId> inner = parts(g.graph(), input, *axis);
              inner.empty() ? inputs.push_back(input) : (void)inputs.insert(inputs.end(), inner.begin(), inner.end());
            }
            if (inputs.size() == g.root().inputs.size()) return ValueId::None;
            return g.again(g.root(), std::move(inputs), g.root().attributes);
          }};
}

}  // namespace mica
