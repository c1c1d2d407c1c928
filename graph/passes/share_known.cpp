// Makes one of integer tensors of which inference knows that they hold the same expressions of the input dims, however
// each is computed: exporters compute the same lengths anew in every layer.
#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "graph/edit.h"
#include "graph/passes/pass.h"

namespace mica {
namespace {

// Longer ones are no shapes, and would take long to compare.
constexpr size_t kMaxElements = 16;

bool is_known(const Value& value) {
  if (!value.contents || value.contents->empty() || value.contents->size() > kMaxElements) return false;
  return value.type.is_tensor() && value.type.dims && !value.constant.defined();
}

std::string key_of(const Value& value) {
  std::string key = value.type.str();
  for (const Dim& dim : *value.contents) key += " " + dim.str();
  return key;
}

/// How a value is computed, in nodes on the longest way.
struct Way {
  size_t from_inputs = 0;  ///< what depends on a value is farther than it is
  size_t from_data = 0;    ///< from what is not a known integer tensor: the chain that would not be there without it
};

class Ways {
 public:
  explicit Ways(const Graph& graph) : ways_(graph.value_count()) {}

  void visit(const Graph& graph, const Node& node) {
    Way way;
    for (const ValueId input : node.inputs) {
      if (input == ValueId::None) continue;
      way.from_inputs = std::max(way.from_inputs, of(input).from_inputs);
      if (is_known(graph.value(input))) way.from_data = std::max(way.from_data, of(input).from_data);
    }
    for (const ValueId output : node.outputs) {
      if (output != ValueId::None) ways_[static_cast<size_t>(output)] = {way.from_inputs + 1, way.from_data + 1};
    }
  }
  const Way& of(ValueId id) const { return ways_[static_cast<size_t>(id)]; }

 private:
  std::vector<Way> ways_;
};

// The one of these equal values, no farther from the inputs than `id`, that takes least to compute. It depends on none
// of those that give way to it, so that nothing comes to depend on itself.
ValueId best_for(ValueId id, const std::vector<ValueId>& values, const Ways& ways) {
  ValueId best = id;
  const auto effort = [&](ValueId v) { return std::tuple(ways.of(v).from_data, ways.of(v).from_inputs, v); };
  for (const ValueId other : values) {
    if (ways.of(other).from_inputs <= ways.of(id).from_inputs && effort(other) < effort(best)) best = other;
  }
  return best;
}

size_t share_in(Graph& graph) {
  Ways ways(graph);
  std::map<std::string, std::vector<ValueId>> groups;
  for (const NodeId id : graph.order()) {
    ways.visit(graph, graph.node(id));
    for (const ValueId output : graph.node(id).outputs) {
      if (output == ValueId::None || graph.is_unused(output) || !is_known(graph.value(output))) continue;
      groups[key_of(graph.value(output))].push_back(output);
    }
  }
  size_t shared = 0;
  for (const auto& [key, values] : groups) {
    for (const ValueId id : values) {
      const ValueId best = best_for(id, values, ways);
      if (best != id && redirect(graph, id, best)) ++shared;
    }
  }
  return shared;
}

}  // namespace

size_t share_known(PassContext& context) {
  size_t shared = 0;
  for_each_graph(*context.model.graph, [&](Graph& graph) { shared += share_in(graph); });
  return shared;
}

}  // namespace mica
