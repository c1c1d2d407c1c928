// Rules: local rewrites as data. One rule, one file in graph/rules/.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/notes.h"
#include "graph/pattern.h"
#include "graph/pipeline.h"
#include "graph/rewriter.h"

/// Defines a rule: MICA_RULE(gelu, Fuse) { return {pattern, replacement}; }. The build finds these lines in the sources
/// of its rule folders and makes the table `rules()` of them: no list is kept by hand. They stand directly in namespace
/// mica, each at the start of a line.
#define MICA_RULE(rule_name, stage) Rule mica_rule_##rule_name()

namespace mica {

/// When a rule is tried first: a stage begins when the ones before it find nothing more. Their order is that of the
/// pipeline.
enum class Stage : uint8_t {
  Canonical,  ///< removes what does nothing, and gives equal things one form
  Fuse,       ///< makes one operator of a few
  Block,      ///< makes one operator of what fused operators are joined by
  Layer,      ///< joins to a product what is done to its result
  Rest,       ///< joins what no product has taken
};

/// A local rewrite. Where a pattern matches, `replace` makes what takes the place of the value that the pattern
/// describes, or refuses: `return g.refuse("why")`.
struct Rule {
  using Replace = ValueId (*)(Rewriter&, const Match&);

  std::vector<Pattern> patterns;  ///< spellings, tried in order
  Replace replace = nullptr;
  /// Other nodes may use what lies inside the pattern; it is then computed twice.
  bool shared_interior = false;

  std::string_view name;  ///< filled in by the table
  Stage stage = Stage::Canonical;

  Rule() = default;
  Rule(Pattern pattern, Replace replace, bool shared_interior = false)
      : Rule(PatternList{pattern}, replace, shared_interior) {}
  Rule(PatternList patterns, Replace replace, bool shared_interior = false);
};

/// All rules of this build, by name.
std::span<const Rule> rules();

/// What rules work on and with.
struct RuleContext {
  GraphModel& model;
  const OpTable& operators;
  const PipelineOptions& options;
  Notes& notes;
  std::function<void(const Rule&)> applied;  ///< called after each rewrite; may be empty
  size_t rewritten_bytes = 0;                ///< of weights that rules have made from others, see may_rewrite
  std::optional<size_t> rewrite_limit = {};
};

/// Applies the rules of a stage, less the ones in `without`, to all graphs of the model until none matches any more.
/// Returns the number of rewrites. Whatever a rule throws goes on to the caller, and `running` then names the rule.
size_t apply_rules(Stage stage, RuleContext& context, const std::set<std::string, std::less<>>& without,
                   std::string_view& running);

}  // namespace mica
