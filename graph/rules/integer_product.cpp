// Cast(MatMulInteger(a, b, a_zero, b_zero)) * (a_scale * b_scale)   =>   MatMulIntegerToFloat(a, b, a_scale, b_scale,
// a_zero, b_zero)     what dynamic quantisation writes
#include <algorithm>

#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

bool is_one_number(const Graph& graph, ValueId id) {
  const Dims* dims = dims_of(graph, id);
  return dims != nullptr && std::ranges::all_of(*dims, [](const Dim& dim) { return dim.is(1); });
}

// Whether it scales the columns of a product: one number, or one for each.
bool scales_columns(const Graph& graph, ValueId id, const Dim& columns) {
  const Dims* dims = dims_of(graph, id);
  return is_one_number(graph, id) || (dims != nullptr && dims->size() == 1 && dims->front() == columns);
}

ValueId rewrite(Rewriter& g, const Match& m) {
  const Graph& graph = g.graph();
  if (g.target() != Target::Mica) return g.refuse("other engines look for the pattern themselves");
  const Node& product = g.node("product");
  const Dims* dims = dims_of(graph, product.outputs[0]);
  if (dims == nullptr || dims->empty()) return g.refuse("the dims are not known");
  if (g.type(g.replaced()).dtype != DType::F32) return g.refuse("not a product of 32 bits");
  ValueId a_scale = m["s"], b_scale = m["t"];
  if (!is_one_number(graph, a_scale) || is_constant(graph, a_scale)) std::swap(a_scale, b_scale);
  if (!is_one_number(graph, a_scale) || !scales_columns(graph, b_scale, dims->back())) {
    return g.refuse("the scales are not one, and one for each column");
  }
  std::vector<ValueId> inputs{m["a"], m["b"], a_scale, b_scale, input_of(product, 2), input_of(product, 3)};
  while (inputs.back() == ValueId::None) inputs.pop_back();
  const auto outputs = g.add({"com.microsoft", "MatMulIntegerToFloat", 1}, std::move(inputs), {}, {true});
  return outputs.empty() ? ValueId::None : outputs[0];
}

}  // namespace

MICA_RULE(integer_product, Fuse) {
  const Pattern product = op("MatMulInteger", {any("a"), any("b")}).with_more_inputs().as("product");
  return {op("Mul", {op("Cast", {product}), op("Mul", {any("s"), any("t")})}), rewrite};
}

}  // namespace mica
