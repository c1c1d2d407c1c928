// x * (erf(x / sqrt 2) + 1) * 0.5   =>   Gelu(x)
#include <numbers>

#include "graph/rule.h"

namespace mica {

MICA_RULE(gelu, Fuse) {
  const Pattern x = any("x");
  return {x * (erf(x / std::numbers::sqrt2) + 1.0) * 0.5,
          [](Rewriter& g, const Match& m) { return g.add("Gelu", 20, {m["x"]}); }};
}

}  // namespace mica
