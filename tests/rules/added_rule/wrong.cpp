// Sinh(x)   =>   Sin(x)     a rule that changes results
#include "graph/rule.h"

namespace mica {

MICA_RULE(wrong, Canonical) {
  return {op("Sinh", {any("x")}), [](Rewriter& g, const Match& m) { return g.add("Sin", 7, {m["x"]}); }};
}

}  // namespace mica
