// e / sum(e),  e = exp(x - max(x))   =>   Softmax(x)
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(softmax, Fuse) {
  const Pattern x = any("x");
  const Pattern e = op("Exp", {x - op("ReduceMax", {x}).with_more_inputs().as("max")});
  return {e / op("ReduceSum", {e}).with_more_inputs().as("sum"), [](Rewriter& g, const Match& m) {
            const auto axis = reduced_tail(g.graph(), g.node("max"));
            const Dims* dims = dims_of(g.graph(), m["x"]);
            const bool last = axis && *axis + 1 == static_cast<int64_t>(dims->size());
            if (!last || axis != reduced_tail(g.graph(), g.node("sum"))) return g.refuse("not over the last axis");
            return g.add("Softmax", 13, {m["x"]}, {{"axis", int64_t{-1}}});
          }};
}

}  // namespace mica
