#include "graph/extract.h"

#include <algorithm>
#include <set>
#include <vector>

#include "graph/edit.h"
#include "graph/lookup.h"
#include "runtime/base/error.h"

namespace mica {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::InvalidArgument, why);
}

std::vector<ValueId> values_named(const Graph& graph, std::span<const std::string> names, std::string_view what) {
  std::vector<ValueId> ids;
  for (const std::string& name : names) {
    const ValueId id = value_named(graph, name);
    if (std::ranges::find(ids, id) != ids.end()) refuse("\"" + name + "\" is twice among the " + std::string(what));
    ids.push_back(id);
  }
  return ids;
}

// A value from outside in the place of one that is computed or constant. It has its name.
ValueId make_input(Graph& graph, ValueId id) {
  if (graph.is_input(id)) return id;
  const std::string name = graph.value(id).name;
  const ValueId input = graph.add_value("", graph.value(id).type);
  graph.replace_uses(id, input);
  graph.rename(id, "");
  graph.rename(input, name);
  return input;
}

void remove_all_unused(Graph& graph) {
  std::vector<NodeId> order = graph.order();
  std::ranges::reverse(order);
  for (const NodeId id : order) remove_unused(graph, id);
}

}  // namespace

void extract(Graph& graph, std::span<const std::string> inputs, std::span<const std::string> outputs) {
  if (!outputs.empty()) graph.outputs = values_named(graph, outputs, "outputs");
  if (inputs.empty()) {
    remove_all_unused(graph);
    graph.inputs.erase_if([&](ValueId id) { return graph.is_unused(id); });
    return;
  }
  std::vector<ValueId> wanted = values_named(graph, inputs, "inputs");
  for (ValueId& id : wanted) id = make_input(graph, id);
  const ValueList before = std::exchange(graph.inputs, wanted);
  remove_all_unused(graph);
  for (const ValueId id : before) {
    if (graph.is_input(id) || graph.is_unused(id)) continue;
    refuse("the outputs need input \"" + graph.value(id).name + "\", which is not among the inputs given");
  }
}

}  // namespace mica
