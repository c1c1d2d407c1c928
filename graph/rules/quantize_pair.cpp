// QuantizeLinear(DequantizeLinear(x))   =>   x     with the same scales and zero points
#include "graph/quantized.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(quantize_pair, Canonical) {
  return {op("QuantizeLinear", {any("y")}).with_more_inputs(), [](Rewriter& g, const Match& m) {
            const auto x = dequantized(g.graph(), m["y"]);
            const auto y = quantization(g.graph(), g.root());
            if (!x || !y) return ValueId::None;
            return same_quantization(g.graph(), x->by, *y) ? x->codes : g.refuse("scales or zero points differ");
          }};
}

}  // namespace mica
