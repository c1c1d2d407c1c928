// Transpose(x) that moves only axes of 1   =>   Reshape(x)     which others of its kind can then be joined with
#include "graph/facts.h"
#include "graph/reshaped.h"
#include "graph/rule.h"

namespace mica {

// Ours takes both for nothing more than another shape, and knows the heads of an attention by the Transpose.
MICA_RULE(transpose_of_ones, Block) {
  return {op("Transpose", {any("x")}), [](Rewriter& g, const Match& m) {
            if (g.target() != Target::Portable) return ValueId::None;
            const Dims* before = dims_of(g.graph(), m["x"]);
            const Dims* after = dims_of(g.graph(), g.replaced());
            const auto perm = permutation(g.graph(), g.root());
            if (before == nullptr || after == nullptr || !perm || !keeps_order(*perm, *before)) return ValueId::None;
            const auto shape = written_shape(before, *after);
            if (!shape) return g.refuse("two dims cannot be written: " + str(*after));
            return add_reshape(g, m["x"], *shape);
          }};
}

}  // namespace mica
