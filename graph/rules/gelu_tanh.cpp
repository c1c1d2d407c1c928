// x * (tanh(sqrt(2/pi) * (x + 0.044715 x^3)) + 1) * 0.5   =>   Gelu(x, approximate = tanh)
#include <numbers>

#include "graph/rule.h"

namespace mica {

MICA_RULE(gelu_tanh, Fuse) {
  const Pattern x = any("x");
  const double c = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
  const Pattern inner = one_of({c * (x + 0.044715 * cube(x)), c * x * (0.044715 * square(x) + 1.0)});
  return {x * (tanh(inner) + 1.0) * 0.5, [](Rewriter& g, const Match& m) {
            return g.add("Gelu", 20, {m["x"]}, {{"approximate", std::string("tanh")}});
          }};
}

}  // namespace mica
