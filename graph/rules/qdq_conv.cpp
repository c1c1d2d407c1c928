// QuantizeLinear(Conv(DequantizeLinear(x), DequantizeLinear(w), bias))   =>   QLinearConv(x, w, bias)
// with a Relu or Clip between, where quantisation saturates at the same numbers. The sum is scaled once instead of its
// operands, so that a result which lies half-way between two integers may become the other one.
#include "graph/facts.h"
#include "graph/quantized.h"
#include "graph/rule.h"

namespace mica {
namespace {

ValueId rewrite(Rewriter& g, const Match& m) {
  const Graph& graph = g.graph();
  if (g.target() != Target::Mica) return g.refuse("other engines look for the pattern themselves");
  const Node& conv = g.node("conv");
  const auto x = dequantized(graph, m["x"]), w = dequantized(graph, m["w"]);
  const auto y = quantization(graph, g.root());
  const Dims* weights = dims_of(graph, m["w"]);
  if (!x || !w || !y || weights == nullptr || weights->empty()) return ValueId::None;
  if (!is_bytes(x->by) || !is_bytes(w->by)) return g.refuse("not of 8 bits");
  if (!is_per_tensor(graph, x->by) || !is_per_tensor(graph, *y) || !is_along(graph, w->by, 0)) {
    return g.refuse("scales differ along an axis other than that of the filters");
  }
  if (m.has("f") && !is_saturation(graph, g.node("f"), *y)) return g.refuse("the activation does more than saturate");
  ValueId bias = input_of(conv, 2);
  if (bias != ValueId::None) {
    const Dim& filters = weights->front();
    if (!filters.is_constant()) return g.refuse("the number of filters is not known");
    bias = integer_bias(g, bias, x->by, w->by, *y, filters.value());
    if (bias == ValueId::None) return bias;
  }
  const ValueId x_zero = zero_point(g, x->by), w_zero = zero_point(g, w->by), y_zero = zero_point(g, *y);
  if (x_zero == ValueId::None || w_zero == ValueId::None || y_zero == ValueId::None) return ValueId::None;
  std::vector<ValueId> inputs{x->codes, x->by.scale, x_zero, w->codes, w->by.scale, w_zero, y->scale, y_zero};
  if (bias != ValueId::None) inputs.push_back(bias);
  return g.add("QLinearConv", 10, std::move(inputs), conv.attributes);
}

}  // namespace

MICA_RULE(qdq_conv, Fuse) {
  const Pattern conv = op("Conv", {any("x"), any("w")}).with_more_inputs().as("conv");
  return {quantized_layer(conv), rewrite};
}

}  // namespace mica
