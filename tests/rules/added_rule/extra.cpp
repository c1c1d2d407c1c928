// Abs(Abs(x))   =>   Abs(x)     a rule that is in this build because this file is
#include "graph/rule.h"

namespace mica {

MICA_RULE(extra, Canonical) {
  return {op("Abs", {op("Abs", {any("x")})}), [](Rewriter& g, const Match& m) { return g.add("Abs", 6, {m["x"]}); }};
}

}  // namespace mica
