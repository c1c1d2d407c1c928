// Slice(x) that gives the dims it gets, with no negative step, or takes all of axes of any length   =>   x
#include <algorithm>

#include "graph/facts.h"
#include "graph/rule.h"
#include "graph/slicing.h"

namespace mica {

MICA_RULE(no_op_slice, Canonical) {
  return {op("Slice", {any("x")}).with_more_inputs(), [](Rewriter& g, const Match& m) {
            const auto all = cuts(g.graph(), g.root());
            const auto is_everything = [](const auto& axis) { return axis.second.is_everything(); };
            if (all && std::ranges::all_of(*all, is_everything)) return m["x"];
            const Dims* before = dims_of(g.graph(), m["x"]);
            const Dims* after = dims_of(g.graph(), g.replaced());
            if (before == nullptr || after == nullptr || *before != *after) return ValueId::None;
            if (input_of(g.root(), 4) == ValueId::None) return m["x"];
            const auto steps = integers(g.graph(), g.root().inputs[4]);
            if (!steps) return g.refuse("the steps are not known");
            const bool forward = std::ranges::all_of(*steps, [](int64_t step) { return step > 0; });
            return forward ? m["x"] : g.refuse("a step is negative");
          }};
}

}  // namespace mica
