// Ceil(x): a rule that breaks where it matches.
#include "graph/rule.h"
#include "runtime/base/error.h"

namespace mica {

MICA_RULE(throwing, Canonical) {
  return {op("Ceil", {any("x")}), [](Rewriter& g, const Match& m) -> ValueId {
            g.add("Floor", 13, {m["x"]});
            throw Error(ErrorCode::Internal, "out of order");
          }};
}

}  // namespace mica
