// Where(IsNaN(p), 0, p),  p = Softmax(x + mask)   =>   p     where the mask holds no infinity
// The guard is there for rows that are masked as a whole by -inf; other rows are numbers unless x is not.
#include <algorithm>
#include <cmath>

#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

static bool is_finite(const Graph& graph, ValueId mask) {
  if (is_constant(graph, mask)) {
    const auto value = number(graph.value(mask).constant);
    return value && std::isfinite(*value);
  }
  const NodeId producer = graph.value(mask).producer;
  if (producer == NodeId::None) return false;
  const Node& node = graph.node(producer);
  if (node.op_type == "Where") return is_finite(graph, node.inputs[1]) && is_finite(graph, node.inputs[2]);
  return node.op_type == "Expand" && is_finite(graph, node.inputs[0]);
}

MICA_RULE(safe_softmax, Fuse) {
  const Pattern product = op("MatMul", {any("a"), any("b")});
  const Pattern scaled = one_of({product * scalar("scale"), product});
  const Pattern p = op("Softmax", {one_of({scaled + any("mask"), scaled})}).as("softmax");
  return {op("Where", {op("IsNaN", {p}), 0.0, p}), [](Rewriter& g, const Match& m) {
            if (m.has("mask") && !is_finite(g.graph(), m["mask"])) return g.refuse("the mask may hold -inf");
            return g.node("softmax").outputs[0];
          }};
}

}  // namespace mica
