// Dropout(x)   =>   x     at inference
#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

static bool is_training(const Graph& graph, const Node& dropout) {
  if (dropout.opset < 7) return attribute(dropout, "is_test", 0) == 0;
  const ValueId training = dropout.opset < 12 ? ValueId::None : input_of(dropout, 2);
  if (training == ValueId::None) return false;
  return !is_constant(graph, training) || *graph.value(training).constant.data<bool>();
}

MICA_RULE(dropout, Canonical) {
  return {op("Dropout", {any("x")}).with_more_inputs(), [](Rewriter& g, const Match& m) {
            const Node& dropout = g.root();
            if (is_training(g.graph(), dropout)) return g.refuse("it may be in training mode");
            const bool masked = dropout.outputs.size() > 1 && dropout.outputs[1] != ValueId::None;
            return masked && !g.graph().is_unused(dropout.outputs[1]) ? g.refuse("its mask is used") : m["x"];
          }};
}

}  // namespace mica
