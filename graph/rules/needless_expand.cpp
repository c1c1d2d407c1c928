// Add(Expand(x), y)   =>   Add(x, y)     likewise other operators that broadcast, where the result has the same dims
#include <array>

#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

ValueId expanded_from(const Graph& graph, ValueId id) {
  if (id == ValueId::None || graph.value(id).producer == NodeId::None) return ValueId::None;
  const Node& node = graph.node(graph.value(id).producer);
  return node.op_type == "Expand" && node.domain.empty() ? node.inputs[0] : ValueId::None;
}

ValueId rewrite(Rewriter& g, const Match&) {
  if (g.root().opset < 8) return ValueId::None;
  const Dims* after = dims_of(g.graph(), g.replaced());
  if (after == nullptr) return ValueId::None;
  const Dims wanted = *after;  // values move as nodes are added
  std::vector<ValueId> inputs(g.root().inputs.begin(),
                              g.root().inputs.begin() + static_cast<int64_t>(g.root().formal_inputs));
  for (ValueId& input : inputs) {
    const ValueId source = expanded_from(g.graph(), input);
    if (source == ValueId::None) continue;
    const ValueId before = std::exchange(input, source);
    const ValueId result = g.again(g.root(), inputs, g.root().attributes);
    const Dims* dims = result == ValueId::None ? nullptr : dims_of(g.graph(), result);
    if (dims != nullptr && *dims == wanted) return result;
    input = before;
  }
  return ValueId::None;
}

}  // namespace

MICA_RULE(needless_expand, Canonical) {
  std::vector<Pattern> spellings;
  for (const auto* name : {"Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Less", "Greater",
                           "LessOrEqual", "GreaterOrEqual"}) {
    spellings.push_back(op(name, {any("a"), any("b")}));
  }
  spellings.push_back(op("Where", {any("c"), any("a"), any("b")}));
  return {one_of(spellings), rewrite};
}

}  // namespace mica
