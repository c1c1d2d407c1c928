// QuantizeLinear(Gemm(DequantizeLinear(a), DequantizeLinear(b), bias))   =>   QGemm(a, b, bias)
// with a Relu or Clip between, where quantisation saturates at the same numbers. See qdq_conv.
#include "graph/facts.h"
#include "graph/quantized.h"
#include "graph/rule.h"

namespace mica {
namespace {

ValueId rewrite(Rewriter& g, const Match& m) {
  const Graph& graph = g.graph();
  if (g.target() != Target::Mica) return g.refuse("other engines look for the pattern themselves");
  const Node& gemm = g.node("gemm");
  const auto a = dequantized(graph, m["a"]), b = dequantized(graph, m["b"]);
  const auto y = quantization(graph, g.root());
  const Dims* product = dims_of(graph, gemm.outputs[0]);
  if (!a || !b || !y || product == nullptr || product->size() != 2) return ValueId::None;
  if (!is_bytes(a->by) || !is_bytes(b->by)) return g.refuse("not of 8 bits");
  if (float_attribute(gemm, "alpha", 1) != 1 || float_attribute(gemm, "beta", 1) != 1)
    return g.refuse("it has factors");
  const int64_t trans_a = attribute(gemm, "transA", 0), trans_b = attribute(gemm, "transB", 0);
  if (!is_per_tensor(graph, a->by) || !is_per_tensor(graph, *y) || !is_along(graph, b->by, trans_b != 0 ? 0 : 1)) {
    return g.refuse("scales differ along an axis other than that of the columns");
  }
  if (m.has("f") && !is_saturation(graph, g.node("f"), *y)) return g.refuse("the activation does more than saturate");
  ValueId bias = input_of(gemm, 2);
  if (bias != ValueId::None) {
    const Dim& columns = product->back();
    const Dims* dims = dims_of(graph, bias);
    if (!columns.is_constant() || dims == nullptr || dims->size() > 1) return g.refuse("it adds more than a row");
    bias = integer_bias(g, bias, a->by, b->by, *y, columns.value());
    if (bias == ValueId::None) return bias;
  }
  const ValueId a_zero = zero_point(g, a->by), b_zero = zero_point(g, b->by), y_zero = zero_point(g, *y);
  if (a_zero == ValueId::None || b_zero == ValueId::None || y_zero == ValueId::None) return ValueId::None;
  const auto outputs = g.add({"com.microsoft", "QGemm", 1},
                             {a->codes, a->by.scale, a_zero, b->codes, b->by.scale, b_zero, bias, y->scale, y_zero},
                             {{"transA", trans_a}, {"transB", trans_b}}, {true});
  return outputs.empty() ? ValueId::None : outputs[0];
}

}  // namespace

MICA_RULE(qdq_gemm, Fuse) {
  const Pattern gemm = op("Gemm", {any("a"), any("b")}).with_more_inputs().as("gemm");
  return {quantized_layer(gemm), rewrite};
}

}  // namespace mica
