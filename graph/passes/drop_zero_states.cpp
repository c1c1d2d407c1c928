// LSTM(x, ..., initial_h = 0, initial_c = 0)   =>   LSTM(x, ...)     likewise GRU and RNN: a state that is absent is 0
#include <string_view>

#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/passes/pass.h"

namespace mica {
namespace {

// The first of the states among the inputs; they go on to the sixth. 0: it has none.
size_t first_state(const Node& node) {
  if (!node.domain.empty()) return 0;
  return node.op_type == "LSTM" || node.op_type == "GRU" || node.op_type == "RNN" ? 5 : 0;
}

size_t drop_states(Graph& graph, NodeId id) {
  size_t dropped = 0;
  const size_t first = first_state(graph.node(id));
  if (first == 0) return 0;
  for (size_t i = first; i < graph.node(id).formal_inputs && i <= 6; ++i) {
    const ValueId state = graph.node(id).inputs[i];
    if (state == ValueId::None || !is_filled(graph, state, 0)) continue;
    graph.set_input(id, i, ValueId::None);
    if (graph.value(state).producer != NodeId::None) remove_unused(graph, graph.value(state).producer);
    ++dropped;
  }
  while (dropped > 0 && graph.node(id).formal_inputs > 3 &&
         graph.node(id).inputs[graph.node(id).formal_inputs - 1] == ValueId::None) {
    graph.erase_input(id, graph.node(id).formal_inputs - 1);
  }
  return dropped;
}

}  // namespace

size_t drop_zero_states(PassContext& context) {
  size_t dropped = 0;
  for_each_graph(*context.model.graph, [&](Graph& graph) {
    for (const NodeId id : graph.order()) {
      if (graph.node(id).alive) dropped += drop_states(graph, id);
    }
  });
  return dropped;
}

}  // namespace mica
