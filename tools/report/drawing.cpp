#include "tools/report/drawing.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "graph/text_format.h"
#include "tools/graph_walk.h"

namespace mica::tools {
namespace {

class Drawer {
 public:
  explicit Drawer(const Graph& graph) : graph_(graph) {}

  Drawing run() {
    for (const ValueId id : graph_.inputs) {
      sources_[id] = result_.nodes.size();
      add_end(id, "input");
    }
    for (const ValueId id : graph_.captures) {
      if (id == ValueId::None || graph_.value(id).constant.defined()) continue;
      sources_[id] = result_.nodes.size();
      add_end(id, "from around:");
    }
    for (const NodeId id : graph_.order()) add(id);
    for (const ValueId id : graph_.outputs) {
      add_end(id, "output");
      connect(id, result_.nodes.size() - 1);
    }
    return std::move(result_);
  }

 private:
  void add_end(ValueId id, const std::string& kind) {
    const Value& value = graph_.value(id);
    DrawnNode end;
    end.title = end.output = value.name;
    end.subtitle = value.type.str();
    end.tip = kind + " " + value.name + ": " + end.subtitle;
    end.is_end = true;
    result_.nodes.push_back(std::move(end));
  }

  void add(NodeId id) {
    const Node& node = graph_.node(id);
    DrawnNode drawn;
    drawn.title = operator_name(node);
    drawn.tip = print(graph_, id) + (node.name.empty() ? "" : "\n" + node.name);
    const size_t at = result_.nodes.size();
    for (const ValueId output : node.outputs) {
      if (output == ValueId::None) continue;
      sources_[output] = at;
      if (!drawn.output.empty()) continue;
      drawn.output = graph_.value(output).name;
      drawn.subtitle = graph_.value(output).type.str();
    }
    result_.nodes.push_back(std::move(drawn));
    for (const ValueId input : node.inputs) connect(input, at);
    for (const Subgraph& sub : node.subgraphs) result_.bodies.push_back({at, sub.name, Drawer(*sub.graph).run()});
  }

  void connect(ValueId id, size_t to) {
    const auto from = sources_.find(id);
    if (id == ValueId::None || from == sources_.end() || !seen_.insert({from->second, to}).second) return;
    result_.edges.emplace_back(from->second, to);
    result_.values.push_back(graph_.value(id).name);
  }

  const Graph& graph_;
  Drawing result_;
  std::map<ValueId, size_t> sources_;
  std::set<std::pair<size_t, size_t>> seen_;
};

}  // namespace

std::string_view name(Change change) {
  constexpr std::array<std::string_view, 3> kNames{"kept", "new", "removed"};
  return kNames[static_cast<size_t>(change)];
}

Drawing draw(const Graph& graph) {
  return Drawer(graph).run();
}

std::string DrawnBody::title(const Drawing& around) const {
  return name + " of " + around.nodes[node].title + " " + around.nodes[node].output;
}

void mark_changes(Drawing& drawing, const Drawing& other, Change change) {
  std::set<std::pair<std::string_view, std::string_view>> known;
  for (const DrawnNode& node : other.nodes) known.emplace(node.title, node.output);
  for (DrawnNode& node : drawing.nodes) {
    if (!node.is_end && !known.contains({node.title, node.output})) node.change = change;
  }
  for (DrawnBody& body : drawing.bodies) {
    const auto is_same = [&](const DrawnBody& one) { return one.title(other) == body.title(drawing); };
    const auto same = std::ranges::find_if(other.bodies, is_same);
    mark_changes(body.drawing, same == other.bodies.end() ? Drawing() : same->drawing, change);
  }
}

}  // namespace mica::tools
