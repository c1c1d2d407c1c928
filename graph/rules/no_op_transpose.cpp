// Transpose(x) that leaves all elements where they are   =>   x
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

// Whether the axes longer than 1 keep their order, so that nothing moves in memory.
static bool keeps_order(const std::vector<int64_t>& perm, const Dims& dims) {
  int64_t last = -1;
  for (const int64_t axis : perm) {
    if (dims[static_cast<size_t>(axis)].is(1)) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

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
