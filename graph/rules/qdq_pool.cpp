// QuantizeLinear(GlobalAveragePool(DequantizeLinear(x)))   =>   QLinearGlobalAveragePool(x)     likewise AveragePool
#include "graph/facts.h"
#include "graph/quantized.h"
#include "graph/rule.h"

namespace mica {
namespace {

ValueId rewrite(Rewriter& g, const Match& m) {
  const Graph& graph = g.graph();
  if (g.target() != Target::Mica) return g.refuse("other engines look for the pattern themselves");
  const Node& pool = g.node("pool");
  const auto x = dequantized(graph, m["x"]);
  const auto y = quantization(graph, g.root());
  if (!x || !y) return ValueId::None;
  if (x->by.dtype != y->dtype) return g.refuse("types differ");
  if (!is_per_tensor(graph, x->by) || !is_per_tensor(graph, *y)) return g.refuse("scales differ along an axis");
  if (pool.attributes.contains("dilations")) return g.refuse("the window is dilated");
  const bool global = pool.op_type == "GlobalAveragePool";
  const auto outputs = g.add({"com.microsoft", global ? "QLinearGlobalAveragePool" : "QLinearAveragePool", 1},
                             {x->codes, x->by.scale, x->by.zero, y->scale, y->zero}, pool.attributes, {true});
  return outputs.empty() ? ValueId::None : outputs[0];
}

}  // namespace

MICA_RULE(qdq_pool, Fuse) {
  const Pattern x = any("x");
  const Pattern pool = one_of({op("GlobalAveragePool", {x}).as("pool"), op("AveragePool", {x}).as("pool")});
  return {op("QuantizeLinear", {pool}).with_more_inputs(), rewrite};
}

}  // namespace mica
