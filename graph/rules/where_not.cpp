// Where(Not(c), a, b)   =>   Where(c, b, a)
#include "graph/rule.h"

namespace mica {

MICA_RULE(where_not, Canonical) {
  return {op("Where", {op("Not", {any("c")}), any("a"), any("b")}),
          [](Rewriter& g, const Match& m) {
            return g.add("Where", 9, {m["c"], m["b"], m["a"]});
          },
          true};
}

}  // namespace mica
