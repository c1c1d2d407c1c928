// Slice(Slice(x))   =>   Slice(x)     of all axes that either cuts, and of one that both cut where the sum can be told
#include "graph/facts.h"
#include "graph/rule.h"
#include "graph/slicing.h"

namespace mica {
namespace {

// The cut that does the inner one and then the outer one. All ends and starts must be counted from the front.
std::optional<Cut> joined(const Cut& inner, const Cut& outer) {
  if (outer.is_everything()) return inner;
  if (inner.is_everything()) return outer;
  const bool forward = inner.step == 1 && outer.step >= 1 && inner.start >= 0 && inner.end >= 0;
  if (!forward || outer.start < 0 || outer.end < 0) return std::nullopt;
  const auto beyond = [&](int64_t offset) { return offset >= Cut::kAnyEnd ? inner.end : inner.start + offset; };
  if (inner.start >= Cut::kAnyEnd || outer.start >= Cut::kAnyEnd) return std::nullopt;
  return Cut{inner.start + outer.start, std::min(inner.end, beyond(outer.end)), outer.step};
}

}  // namespace

MICA_RULE(slice_pair, Canonical) {
  const Pattern inner = op("Slice", {any("x")}).with_more_inputs().as("inner");
  return {op("Slice", {inner}).with_more_inputs(), [](Rewriter& g, const Match& m) {
            auto all = cuts(g.graph(), g.node("inner"));
            const auto outer = cuts(g.graph(), g.root());
            if (!all || !outer) return g.refuse("a cut is not known");
            for (const auto& [axis, cut] : *outer) {
              const auto [it, added] = all->emplace(axis, cut);
              if (added) continue;
              const auto both = joined(it->second, cut);
              if (!both) return g.refuse("two cuts of one axis do not make one");
              it->second = *both;
            }
            return add_slice(g, m["x"], *all);
          }};
}

}  // namespace mica
