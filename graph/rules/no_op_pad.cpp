// Pad(x, zeros)   =>   x
#include <algorithm>

#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(no_op_pad, Canonical) {
  return {op("Pad", {any("x")}).with_more_inputs(), [](Rewriter& g, const Match& m) {
            const auto pads = integers(g.graph(), g.root(), g.root().opset < 2 ? "paddings" : "pads", 1);
            const bool nothing = pads && std::ranges::all_of(*pads, [](int64_t pad) { return pad == 0; });
            return nothing ? m["x"] : ValueId::None;
          }};
}

}  // namespace mica
