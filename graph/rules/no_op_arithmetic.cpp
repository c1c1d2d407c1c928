// x * 1, x / 1, x - 0, x ^ 1, x and true, x or false   =>   x     (x + 0 is not x for x = -0)
#include "graph/rule.h"

namespace mica {

MICA_RULE(no_op_arithmetic, Canonical) {
  const Pattern x = any("x");
  const Pattern numbers =
      one_of({op("Mul", {x, 1.0}), op("Mul", {1.0, x}), op("Div", {x, 1.0}), op("Sub", {x, 0.0}), op("Pow", {x, 1.0})});
  const Pattern logic = one_of({op("And", {x, 1.0}), op("And", {1.0, x}), op("Or", {x, 0.0}), op("Or", {0.0, x})});
  return {one_of({numbers, logic}), [](Rewriter&, const Match& m) { return m["x"]; }};
}

}  // namespace mica
