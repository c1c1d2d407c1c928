// Cast(x, type of x)   =>   x
#include "graph/rule.h"

namespace mica {

MICA_RULE(no_op_cast, Canonical) {
  return {one_of({op("Cast", {any("x")}), op("CastLike", {any("x"), any("like")})}), [](Rewriter& g, const Match& m) {
            const DType dtype = g.type(m["x"]).dtype;
            const bool same = dtype != DType::Undefined && dtype == g.type(g.replaced()).dtype;
            return same ? m["x"] : ValueId::None;
          }};
}

}  // namespace mica
