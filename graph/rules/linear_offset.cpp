// Conv(x, w, b) + c   =>   Conv(x, w, b + c)     likewise ConvTranspose, Gemm, and what is added to a MatMul; - c; c -
// where c is one number, or one for each channel. To a MatMul itself nothing can be added: see gemm.
#include "graph/linear.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(linear_offset, Fuse) {
  const Pattern y = any("y");
  const Pattern c = constant("c");
  const Pattern spellings = one_of({op("Add", {y, c}), op("Add", {c, y}), op("Sub", {y, c}), op("Sub", {c, y})});
  return {spellings, [](Rewriter& g, const Match& m) {
            const auto linear = Linear::of(g.graph(), m["y"]);
            if (!linear) return ValueId::None;
            if (g.root().opset < 7) return g.refuse("it broadcasts as before opset 7");
            const bool subtracts = g.root().op_type == "Sub";
            const bool negates = subtracts && g.root().inputs[1] == m["y"];
            if (!negates && !linear->takes_bias(g.graph())) return ValueId::None;
            auto offsets = linear->per_channel(g.graph(), m["c"]);
            if (!offsets) return g.refuse("what is added is not one number for each channel");
            if (subtracts && !negates) {
              for (double& offset : *offsets) offset = -offset;
            }
            return linear->scaled(g, std::vector<double>(offsets->size(), negates ? -1 : 1), *offsets);
          }};
}

}  // namespace mica
