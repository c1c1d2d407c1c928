// QuantizeLinear(MatMul(DequantizeLinear(a), DequantizeLinear(b)))   =>   QLinearMatMul(a, b)
// The sum is scaled once instead of its operands: see qdq_conv.
#include "graph/facts.h"
#include "graph/quantized.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(qdq_matmul, Fuse) {
  return {
      op("QuantizeLinear", {op("MatMul", {any("a"), any("b")})}).with_more_inputs(), [](Rewriter& g, const Match& m) {
        const Graph& graph = g.graph();
        if (g.target() != Target::Mica) return g.refuse("other engines look for the pattern themselves");
        const auto a = dequantized(graph, m["a"]), b = dequantized(graph, m["b"]);
        const auto y = quantization(graph, g.root());
        const Dims* right = dims_of(graph, m["b"]);
        if (!a || !b || !y || right == nullptr) return ValueId::None;
        if (!is_bytes(a->by) || !is_bytes(b->by)) return g.refuse("not of 8 bits");
        const bool columns = right->size() == 2 && is_along(graph, b->by, 1);
        if (!is_per_tensor(graph, a->by) || !is_per_tensor(graph, *y) || (!columns && !is_per_tensor(graph, b->by))) {
          return g.refuse("scales differ along an axis other than that of the columns");
        }
        const ValueId a_zero = zero_point(g, a->by), b_zero = zero_point(g, b->by), y_zero = zero_point(g, *y);
        if (a_zero == ValueId::None || b_zero == ValueId::None || y_zero == ValueId::None) return ValueId::None;
        return g.add("QLinearMatMul", 10,
                     {a->codes, a->by.scale, a_zero, b->codes, b->by.scale, b_zero, y->scale, y_zero});
      }};
}

}  // namespace mica
