// Conv(x, w, b) * c   =>   Conv(x, w * c, b * c)     likewise ConvTranspose, Gemm, MatMul and what is added to it, and
// / c where c is one number, or one for each channel.
#include "graph/linear.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(linear_scale, Fuse) {
  const Pattern y = any("y");
  const Pattern c = constant("c");
  return {one_of({op("Mul", {y, c}), op("Mul", {c, y}), op("Div", {y, c})}), [](Rewriter& g, const Match& m) {
            const auto linear = Linear::of(g.graph(), m["y"]);
            if (!linear) return ValueId::None;
            if (g.root().opset < 7) return g.refuse("it broadcasts as before opset 7");
            auto factors = linear->per_channel(g.graph(), m["c"]);
            if (!factors) return g.refuse("the factor is not one for each channel");
            if (g.root().op_type == "Div") {
              for (double& factor : *factors) factor = 1 / factor;
            }
            return linear->scaled(g, *factors, std::vector<double>(factors->size(), 0));
          }};
}

}  // namespace mica
