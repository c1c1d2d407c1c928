#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "graph/edit.h"
#include "graph/rule.h"

namespace mica {
namespace {

using RulesByOperator = std::unordered_map<std::string_view, std::vector<const Rule*>>;

// The rules of each stage by the operators their matches may end in.
const RulesByOperator& rules_of(Stage stage) {
  static const auto kIndex = [] {
    std::array<RulesByOperator, static_cast<size_t>(Stage::Rest) + 1> index;
    for (const Rule& rule : rules()) {
      for (const Pattern& pattern : rule.patterns) {
        for (const std::string_view root : root_operators(pattern)) {
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
        replaced_(rewriter_.replaced()) {}

  bool run() {
    ValueId result = rule_.replace(rewriter_, match_);
    if (result != ValueId::None && fits(replaced_, result) && others_fit() && replace(result)) return true;
    if (!rewriter_.refusal().empty()) context_.notes.refused(rule_.name, where(), rewriter_.refusal());
    const auto& added = rewriter_.added();
    for (auto id = added.rbegin(); id != added.rend(); ++id) remove_unused(graph_, *id);
    return false;
  }

 private:
  std::string where() const { return graph_.node(match_.root).str(); }

  // Whether the second value can take the place of the first; else that is a refusal.
  bool fits(ValueId value, ValueId by) {
    const std::string conflict = type_conflict(graph_.value(value).type, graph_.value(by).type, match_);
    if (!conflict.empty()) rewriter_.refuse(conflict);
    return conflict.empty();
  }

  // Whether what is replaced beside the root's output fits too, and nothing new depends on it.
  bool others_fit() {
    std::set<ValueId> old_values;
    for (const auto& [value, by] : rewriter_.replaced_too()) {
      if (!fits(value, by)) return false;
      old_values.insert(value);
    }
    if (old_values.empty()) return true;
    std::set<ValueId> seen;
    std::vector<ValueId> ahead;
    const auto add_inputs = [&](NodeId id) {
      for (const ValueId input : graph_.node(id).inputs) {
        if (input != ValueId::None && seen.insert(input).second) ahead.push_back(input);
      }
    };
    for (const NodeId id : rewriter_.added()) add_inputs(id);
    while (!ahead.empty()) {
      const ValueId value = ahead.back();
      ahead.pop_back();
      if (old_values.contains(value)) {
        rewriter_.refuse("it would depend on itself");
        return false;
      }
      if (const NodeId producer = graph_.value(value).producer; producer != NodeId::None) add_inputs(producer);
    }
    return true;
  }

  bool is_new(ValueId value) const {
    const auto& added = rewriter_.added();
    return std::ranges::find(added, graph_.value(value).producer) != added.end();
  }

  // Makes the uses of a value uses of another one. A new value takes over the name of the old one, and what is known of
  // it.
  bool redirect_uses(ValueId value, ValueId by) {
    const std::string name = graph_.value(value).name;
    if (!redirect(graph_, value, by)) return false;
    if (!is_new(by)) return true;
    const Value& old_value = graph_.value(value);
    Value& new_value = graph_.value(by);
    if (!new_value.type.dims) new_value.type = old_value.type;
    if (!new_value.contents) new_value.contents = old_value.contents;
    if (new_value.name != name) {
      graph_.rename(value, "");
      graph_.rename(by, name);
    }
    return true;
  }

  bool replace(ValueId result) {
    const std::string where = this->where();
    std::vector<NodeId> unneeded{match_.root};
    for (const auto& [value, by] : rewriter_.replaced_too()) unneeded.push_back(graph_.value(value).producer);
    if (!redirect_uses(replaced_, result)) return false;
    for (const auto& [value, by] : rewriter_.replaced_too()) redirect_uses(value, by);
    for (const NodeId id : unneeded) remove_unused(graph_, id);
    std::string what = "gave";
    for (const NodeId id : rewriter_.added()) what += " " + graph_.node(id).op_type;
    context_.notes.applied(rule_.name, where, rewriter_.added().empty() ? "removed" : what);
    return true;
  }

  const Rule& rule_;
  RuleContext& context_;
  Graph& graph_;
  const Match& match_;
  Rewriter rewriter_;
  ValueId replaced_;
};

bool apply(const Rule& rule, RuleContext& context, Graph& graph, NodeId root, MatchRoom& room) {
  for (const Pattern& pattern : rule.patterns) {
    const auto found = match(pattern, graph, root, rule.shared_interior, room);
    if (found && Application(rule, context, graph, *found).run()) return true;
  }
  return false;
}

// What the rules of a sweep take, where somebody wants to know; put into the notes at its end.
class RuleTimes {
 public:
  RuleTimes(Notes& notes, bool wanted) : notes_(notes), seconds_(wanted ? rules_.size() : 0) {}
  ~RuleTimes() {
    for (size_t i = 0; i < seconds_.size(); ++i) {
      if (seconds_[i] > 0) notes_.spent(rules_[i].name, seconds_[i]);
    }
  }

  void start() {
    if (!seconds_.empty()) start_ = Clock::now();
  }
  void stop(const Rule& rule) {
    if (seconds_.empty()) return;
    seconds_[static_cast<size_t>(&rule - rules_.data())] +=
        std::chrono::duration<double>(Clock::now() - start_).count();
  }

 private:
  using Clock = std::chrono::steady_clock;

  Notes& notes_;
  std::span<const Rule> rules_ = rules();
  std::vector<double> seconds_;
  Clock::time_point start_;
};

}  // namespace

Rule::Rule(PatternList patterns, Replace replace, bool shared_interior)
    : patterns(patterns.begin(), patterns.end()), replace(replace), shared_interior(shared_interior) {}

size_t apply_rules(Stage stage, RuleContext& context, const std::set<std::string, std::less<>>& without,
                   std::string_view& running) {
  const RulesByOperator& index = rules_of(stage);
  RuleTimes times(context.notes, context.options.times);
  MatchRoom room;
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
        times.start();
        const bool done = apply(*rule, context, graph, id, room);
        times.stop(*rule);
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
