// Where(all true, a, b)   =>   a     Where(all false, a, b)   =>   b     for one that has all the dims already
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(where_constant, Canonical) {
  return {op("Where", {any("c"), any("a"), any("b")}), [](Rewriter& g, const Match& m) {
            const bool all = is_filled(g.graph(), m["c"], 1);
            if (!all && !is_filled(g.graph(), m["c"], 0)) return ValueId::None;
            const ValueId taken = all ? m["a"] : m["b"];
            const Dims* before = dims_of(g.graph(), taken);
            const Dims* after = dims_of(g.graph(), g.replaced());
            const bool same = before != nullptr && after != nullptr && *before == *after;
            return same ? taken : g.refuse("what is taken is enlarged");
          }};
}

}  // namespace mica
