// QuantizeLinear(Sigmoid(DequantizeLinear(x)))   =>   QLinearSigmoid(x)     likewise LeakyRelu
#include "graph/quantized.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(qdq_unary, Fuse) {
  const Pattern f = one_of({op("Sigmoid", {any("x")}).as("f"), op("LeakyRelu", {any("x")}).as("f")});
  return {op("QuantizeLinear", {f}).with_more_inputs(), [](Rewriter& g, const Match& m) {
            const Graph& graph = g.graph();
            if (g.target() != Target::Mica) return g.refuse("other engines look for the pattern themselves");
            const auto x = dequantized(graph, m["x"]);
            const auto y = quantization(graph, g.root());
            if (!x || !y) return ValueId::None;
            if (x->by.dtype != y->dtype) return g.refuse("types differ");
            if (!is_per_tensor(graph, x->by) || !is_per_tensor(graph, *y)) {
              return g.refuse("scales differ along an axis");
            }
            const Node& node = g.node("f");
            const std::string type = "QLinear" + node.op_type;
            const auto outputs = g.add({"com.microsoft", type, 1},
                                       {x->codes, x->by.scale, x->by.zero, y->scale, y->zero}, node.attributes, {true});
            return outputs.empty() ? ValueId::None : outputs[0];
          }};
}

}  // namespace mica
