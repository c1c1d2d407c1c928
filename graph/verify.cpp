#include "graph/verify.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "runtime/base/error.h"

namespace mica {
namespace {

[[noreturn]] void broken(const std::string& what) {
  throw Error(ErrorCode::Internal, "the graph is broken: " + what);
}

class Verifier {
 public:
  explicit Verifier(const Graph& graph) : graph_(graph), sources_(graph.value_count()), uses_(graph.value_count()) {}

  void run() {
    check_range(graph_.inputs, "the graph's inputs");
    check_range(graph_.outputs, "the graph's outputs");
    check_range(graph_.captures, "the graph's captures");
    collect_sources();
    for (uint32_t i = 0; i < graph_.node_count(); ++i) {
      if (graph_.node(NodeId{i}).alive) check_node(NodeId{i});
    }
    for (uint32_t i = 0; i < graph_.value_count(); ++i) check_value(ValueId{i});
    for (const ValueId output : graph_.outputs) check_source(output, "the graph");
    graph_.order();
  }

 private:
  static size_t index(ValueId id) { return static_cast<size_t>(id); }

  void check_range(const std::vector<ValueId>& ids, const std::string& where) const {
    for (const ValueId id : ids) {
      if (id != ValueId::None && index(id) >= graph_.value_count()) {
        broken(where + " name value " + std::to_string(index(id)) + " of " + std::to_string(graph_.value_count()));
      }
    }
  }

  // An input may have a default value; a captured value may be a constant. Nothing else has two sources.
  void collect_sources() {
    const auto add = [&](ValueId id, const std::string& what) {
      if (id == ValueId::None) return;
      std::string& source = sources_[index(id)];
      if (!source.empty()) broken("value \"" + graph_.value(id).name + "\" comes from " + source + " and " + what);
      source = what;
    };
    for (const ValueId id : graph_.inputs) add(id, "an input");
    for (const ValueId id : graph_.captures) add(id, "a capture");
    for (uint32_t i = 0; i < graph_.value_count(); ++i) {
      if (graph_.value(ValueId{i}).constant.defined() && sources_[i].empty()) add(ValueId{i}, "a constant");
    }
    for (uint32_t i = 0; i < graph_.node_count(); ++i) {
      const Node& node = graph_.node(NodeId{i});
      if (!node.alive) continue;
      check_range(node.inputs, "inputs of " + node.str());
      check_range(node.outputs, "outputs of " + node.str());
      for (const ValueId id : node.outputs) add(id, node.str());
    }
  }

  void check_source(ValueId id, const std::string& user) const {
    if (id == ValueId::None || !sources_[index(id)].empty()) return;
    broken("value \"" + graph_.value(id).name + "\", used by " + user + ", comes from nowhere");
  }

  void check_node(NodeId id) {
    const Node& node = graph_.node(id);
    if (node.formal_inputs > node.inputs.size()) broken(node.str() + " has fewer inputs than formal ones");
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == ValueId::None) continue;
      check_source(node.inputs[i], node.str());
      uses_[index(node.inputs[i])].push_back({id, i});
    }
    for (const ValueId output : node.outputs) {
      if (output != ValueId::None && graph_.value(output).producer != id) {
        broken(node.str() + " is not the producer of its output \"" + graph_.value(output).name + "\"");
      }
    }
    const size_t captured = node.inputs.size() - node.formal_inputs;
    if (node.subgraphs.empty() && captured > 0) broken(node.str() + " captures values without a subgraph");
    for (const Subgraph& sub : node.subgraphs) {
      if (sub.graph->captures.size() != captured) broken(node.str() + ": captures of \"" + sub.name + "\" do not fit");
      for (size_t i = 0; i < captured; ++i) {
        if (sub.graph->captures[i] != ValueId::None && node.inputs[node.formal_inputs + i] == ValueId::None) {
          broken(node.str() + ": \"" + sub.name + "\" captures an absent value");
        }
      }
      verify(*sub.graph);
    }
  }

  void check_value(ValueId id) {
    const Value& value = graph_.value(id);
    if (graph_.find_value(value.name) != id) broken("value name \"" + value.name + "\" finds another value");
    if (value.producer != NodeId::None) {
      const size_t producer = static_cast<size_t>(value.producer);
      const auto gives = [&](const Node& node) { return std::ranges::find(node.outputs, id) != node.outputs.end(); };
      if (producer >= graph_.node_count() || !gives(graph_.node(value.producer))) {
        broken("value \"" + value.name + "\" has a producer that does not give it");
      }
    }
    const auto key = [](const Use& use) { return std::pair(use.node, use.index); };
    std::vector<Use> kept(graph_.uses(id).begin(), graph_.uses(id).end());
    std::ranges::sort(kept, {}, key);
    std::ranges::sort(uses_[index(id)], {}, key);
    if (kept != uses_[index(id)]) broken("the uses of \"" + value.name + "\" are not those of the nodes");
  }

  const Graph& graph_;
  std::vector<std::string> sources_;
  std::vector<std::vector<Use>> uses_;
};

}  // namespace

void verify(const Graph& graph) {
  Verifier(graph).run();
}

}  // namespace mica
