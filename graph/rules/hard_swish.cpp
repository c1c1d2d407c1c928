// x * HardSigmoid(x)   =>   HardSwish(x)     for alpha = 1/6, beta = 1/2; x * Clip(x + 3, 0, 6) / 6 likewise
#include <cmath>

#include "graph/rule.h"

namespace mica {

static bool is_near(const Node& node, std::string_view name, float wanted) {
  const auto it = node.attributes.find(name);
  const float* value = it == node.attributes.end() ? nullptr : std::get_if<float>(&it->second);
  return value != nullptr && std::abs(*value - wanted) < 1e-5f;
}

MICA_RULE(hard_swish, Fuse) {
  const Pattern x = any("x");
  const Pattern gate = op("HardSigmoid", {x}).as("gate");
  return {{x * op("Clip", {x + 3.0, 0.0, 6.0}) / 6.0, x * gate}, [](Rewriter& g, const Match& m) {
            if (m.has("gate") &&
                !(is_near(g.node("gate"), "alpha", 1.0f / 6) &&
                  (!g.node("gate").attributes.contains("beta") || is_near(g.node("gate"), "beta", 0.5f)))) {
              return g.refuse("another slope or offset");
            }
            if (!is_float(g.type(m["x"]).dtype)) return g.refuse("not of floating point");
            return g.add("HardSwish", 14, {m["x"]});
          }};
}

}  // namespace mica
