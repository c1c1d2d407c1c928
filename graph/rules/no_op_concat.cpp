// Concat(x)   =>   x     Sum, Max, Min and Mean of one tensor likewise
#include "graph/rule.h"

namespace mica {

MICA_RULE(no_op_concat, Canonical) {
  const Pattern x = any("x");
  return {one_of({op("Concat", {x}), op("Sum", {x}), op("Max", {x}), op("Min", {x}), op("Mean", {x})}),
          [](Rewriter&, const Match& m) { return m["x"]; }};
}

}  // namespace mica
