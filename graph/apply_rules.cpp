#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/edit.h"
#include "graph/rule.h"

namespace mica {
namespace {

using RulesByOperator = std::map<std::string, std::vector<const Rule*>, std::less<>>;

// The rules of each stage by the operators their matches may end in.
const RulesByOperator& rules_of(Stage stage) {
  static const auto kIndex = [] {
    std::array<RulesByOperator, 3> index;
    for (const Rule& rule : rules()) {
      for (const Pattern& pattern : rule.patterns) {
        for (const std::string& root : root_operators(pattern)) {
          auto& list = index[static_cast<size_t>(rule.stage)][root];
          if (list.empty() || list.back() != &rule) list.push_back(&rule);
        }
      }
    }
    return index;
  }();
  return kIndex[static_cast<size_t>(stage)];
}

// Why a value of the second type cannot stand for one of the first; empty when it can.
std::string type_conflict(const ValueType& old_type, const ValueType& new_type, const Match& match) {
  if (!old_type.is_tensor() || !new_type.is_tensor())
    return old_type.kind == new_type.kind ? "" : "the type is not known";
  const bool same_dims = old_type.dims && new_type.dims && *old_type.dims == *new_type.dims;
  const bool dims_unknown = !old_type.dims || !new_type.dims;
  if (old_type.dtype == new_type.dtype && (same_dims || (dims_unknown && !match.shaped_numbers()))) return "";
  return "the type would change from " + old_type.str() + " to " + new_type.str();
}

class Application {
 public:
  Application(const Rule& rule, RuleContext& context, Graph& graph, const Match& match)
      : rule_(rule),
        context_(context),
        graph_(graph),
        match_(match),
        rewriter_(context, graph, match),
        where_(graph.node(match.root).str()),
        replaced_(rewriter_.replaced()) {}

  bool run() {
    ValueId result = rule_.replace(rewriter_, match_);
    if (result != ValueId::None) {
      const std::string conflict = type_conflict(graph_.value(replaced_).type, graph_.value(result).type, match_);
      if (!conflict.empty()) result = rewriter_.refuse(conflict);
    }
    if (result != ValueId::None && replace(result)) return true;
    if (!rewriter_.refusal().empty()) context_.notes.refused(rule_.name, where_, rewriter_.refusal());
    const auto& added = rewriter_.added();
    for (auto id = added.rbegin(); id != added.rend(); ++id) remove_unused(graph_, *id);
    return false;
  }

 private:
  // A new value takes over the name of the old one, and what is known of it.
  void inherit(const Value& old_value, ValueId result, const std::string& name) {
    Value& new_value = graph_.value(result);
    if (!new_value.type.dims) new_value.type = old_value.type;
    if (!new_value.contents) new_value.contents = old_value.contents;
    if (new_value.name == name) return;
    graph_.rename(replaced_, "");
    graph_.rename(result, name);
  }

  bool replace(ValueId result) {
    const auto& added = rewriter_.added();
    const bool is_new = std::ranges::find(added, graph_.value(result).producer) != added.end();
    const NodeId root = match_.root;
    const std::string name = graph_.value(replaced_).name;
    if (!redirect(graph_, replaced_, result)) return false;
    if (is_new) inherit(graph_.value(replaced_), result, name);
    remove_unused(graph_, root);
    std::string what = "gave";
    for (const NodeId id : added) what += " " + graph_.node(id).op_type;
    context_.notes.applied(rule_.name, where_, added.empty() ? "removed" : what);
    return true;
  }

  const Rule& rule_;
  RuleContext& context_;
  Graph& graph_;
  const Match& match_;
  Rewriter rewriter_;
  std::string where_;
  ValueId replaced_;
};

bool apply(const Rule& rule, RuleContext& context, Graph& graph, NodeId root) {
  for (const Pattern& pattern : rule.patterns) {
    const auto found = match(pattern, graph, root, rule.shared_interior);
    if (found && Application(rule, context, graph, *found).run()) return true;
  }
  return false;
}

}  // namespace

size_t apply_rules(Stage stage, RuleContext& context, const std::set<std::string, std::less<>>& without,
                   std::string& running) {
  const RulesByOperator& index = rules_of(stage);
  size_t total = 0;
  for_each_graph(*context.model.graph, [&](Graph& graph) {
    std::vector<NodeId> order = graph.order();
    std::ranges::reverse(order);  // from the outputs on, so that the largest matches come first
    for (const NodeId id : order) {
      if (!graph.node(id).alive || !graph.node(id).domain.empty()) continue;
      const auto candidates = index.find(graph.node(id).op_type);
      if (candidates == index.end()) continue;
      for (const Rule* rule : candidates->second) {
        if (without.contains(rule->name)) continue;
        running = rule->name;
        const auto start = std::chrono::steady_clock::now();
        const bool done = apply(*rule, context, graph, id);
        context.notes.spent(rule->name,
                            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        if (!done) continue;
        ++total;
        if (context.applied) context.applied(*rule);
        break;
      }
    }
  });
  return total;
}

}  // namespace mica
