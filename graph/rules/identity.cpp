// Identity(x)   =>   x
#include "graph/rule.h"

namespace mica {

MICA_RULE(identity, Canonical) {
  return {op("Identity", {any("x")}), [](Rewriter&, const Match& m) { return m["x"]; }};
}

}  // namespace mica
