// Transpose(x) that leaves all elements where they are   =>   x
#include "graph/facts.h"
#include "graph/reshaped.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(no_op_transpose, Canonical) {
  return {op("Transpose", {any("x")}), [](Rewriter& g, const Match& m) {
            const Dims* before = dims_of(g.graph(), m["x"]);
            const Dims* after = dims_of(g.graph(), g.replaced());
            if (before == nullptr || after == nullptr || *before != *after) return ValueId::None;
            const auto perm = permutation(g.graph(), g.root());
            return perm && keeps_order(*perm, *before) ? m["x"] : ValueId::None;
          }};
}

}  // namespace mica
