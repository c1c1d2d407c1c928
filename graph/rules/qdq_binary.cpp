// QuantizeLinear(Add(DequantizeLinear(a), DequantizeLinear(b)))   =>   QLinearAdd(a, b)     likewise Mul
// with a Relu or Clip between, where quantisation saturates at the same numbers.
#include "graph/quantized.h"
#include "graph/rule.h"

namespace mica {
namespace {

ValueId rewrite(Rewriter& g, const Match& m) {
  const Graph& graph = g.graph();
  if (g.target() != Target::Mica) return g.refuse("other engines look for the pattern themselves");
  const Node& binary = g.node("binary");
  const auto a = dequantized(graph, m["a"]), b = dequantized(graph, m["b"]);
  const auto y = quantization(graph, g.root());
  if (!a || !b || !y) return ValueId::None;
  if (binary.opset < 7) return g.refuse("it broadcasts as before opset 7");
  if (!is_bytes(*y) || a->by.dtype != y->dtype || b->by.dtype != y->dtype) return g.refuse("types differ");
  if (!is_per_tensor(graph, a->by) || !is_per_tensor(graph, b->by) || !is_per_tensor(graph, *y)) {
    return g.refuse("scales differ along an axis");
  }
  if (m.has("f") && !is_saturation(graph, g.node("f"), *y)) return g.refuse("the activation does more than saturate");
  const auto outputs =
      g.add({"com.microsoft", binary.op_type == "Add" ? "QLinearAdd" : "QLinearMul", 1},
            {a->codes, a->by.scale, a->by.zero, b->codes, b->by.scale, b->by.zero, y->scale, y->zero}, {}, {true});
  return outputs.empty() ? ValueId::None : outputs[0];
}

}  // namespace

MICA_RULE(qdq_binary, Fuse) {
  const std::vector<Pattern> operands{any("a"), any("b")};
  const Pattern binary = one_of({op("Add", operands).as("binary"), op("Mul", operands).as("binary")});
  return {quantized_layer(binary), rewrite};
}

}  // namespace mica
