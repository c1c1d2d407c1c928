// x * sigmoid(x)   =>   Swish(x)          x * sigmoid(a x)   =>   Swish(x, alpha = a)
#include "graph/rule.h"

namespace mica {

MICA_RULE(swish, Fuse) {
  const Pattern x = any("x");
  return {{x * sigmoid(x), x * sigmoid(x * scalar("alpha"))}, [](Rewriter& g, const Match& m) {
            if (g.target() == Target::Portable) return g.refuse("not all engines with opset 24 have the operator");
            const float alpha = m.has("alpha") ? static_cast<float>(g.number("alpha")) : 1.0f;
            return g.add("Swish", 24, {m["x"]}, {{"alpha", alpha}});
          }};
}

}  // namespace mica
