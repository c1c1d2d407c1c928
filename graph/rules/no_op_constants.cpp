// x + zeros, x - zeros, x * ones, x / ones   =>   x     for tensors of them that do not enlarge x
// (-0 + 0 is 0: the sign of a zero may change.)
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(no_op_constants, Canonical) {
  const Pattern x = any("x");
  const Pattern c = any("c");
  return {one_of({op("Add", {x, c}), op("Sub", {x, c}), op("Mul", {x, c}), op("Div", {x, c})}),
          [](Rewriter& g, const Match& m) {
            const std::string& name = g.root().op_type;
            const double neutral = name == "Add" || name == "Sub" ? 0 : 1;
            const Dims* after = dims_of(g.graph(), g.replaced());
            const auto is_neutral = [&](std::string_view c, std::string_view x) {
              if (!is_filled(g.graph(), m[c], neutral)) return false;
              const Dims* before = dims_of(g.graph(), m[x]);
              return before != nullptr && after != nullptr && *before == *after;
            };
            if (is_neutral("c", "x")) return m["x"];
            const bool commutes = name == "Add" || name == "Mul";
            return commutes && is_neutral("x", "c") ? m["c"] : ValueId::None;
          }};
}

}  // namespace mica
