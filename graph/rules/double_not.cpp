// Not(Not(x))   =>   x
#include "graph/rule.h"

namespace mica {

MICA_RULE(double_not, Canonical) {
  return {op("Not", {op("Not", {any("x")})}), [](Rewriter&, const Match& m) { return m["x"]; }, true};
}

}  // namespace mica
