// Clip(x + 3, 0, 6) / 6   =>   HardSigmoid(x) {alpha = 1/6, beta = 1/2}
#include "graph/rule.h"

namespace mica {

MICA_RULE(hard_sigmoid, Fuse) {
  const Pattern clipped = op("Clip", {any("x") + 3.0, 0.0, 6.0});
  return {clipped / 6.0, [](Rewriter& g, const Match& m) {
            if (!is_float(g.type(m["x"]).dtype)) return g.refuse("not of floating point");
            return g.add("HardSigmoid", 6, {m["x"]}, {{"alpha", 1.0f / 6}, {"beta", 0.5f}});
          }};
}

}  // namespace mica
