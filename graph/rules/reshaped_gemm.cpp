// Reshape(Gemm(Reshape(x), w, b))   =>   MatMul(x, w) + b     where the leading axes of x are joined only in between
// What computes the second shape falls away with it. The result may have its last axis cut up: then a Reshape stays.
#include <algorithm>

#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/reshaped.h"
#include "graph/rule.h"

namespace mica {
namespace {

bool is_plain(const Node& gemm) {
  for (const auto& [name, value] : gemm.attributes) {
    if (const auto* number = std::get_if<float>(&value); number != nullptr && *number != 1) return false;
  }
  return attribute(gemm, "transA", 0) == 0;
}

ValueId rewrite(Rewriter& g, const Match& m) {
  if (g.target() != Target::Portable) return ValueId::None;  // ours are as good, and better for known dims
  const Graph& graph = g.graph();
  const Node& gemm = g.node("gemm");
  const Dims* x = dims_of(graph, m["x"]);
  const Dims* joined = dims_of(graph, gemm.inputs[0]);
  const Dims* y = dims_of(graph, g.replaced());
  if (graph.uses(gemm.outputs[0]).size() != 1 || graph.is_output(gemm.outputs[0])) return ValueId::None;
  if (!is_plain(gemm) || x == nullptr || joined == nullptr || y == nullptr) return ValueId::None;
  if (x->size() < 3 || joined->size() != 2 || x->back() != joined->back() || y->size() < x->size())
    return ValueId::None;
  if (!std::equal(x->begin(), x->end() - 1, y->begin())) return ValueId::None;
  const Dims wanted = *y;  // values move as nodes are added
  ValueId weights = gemm.inputs[1];
  const ValueId bias = input_of(gemm, 2);
  if (attribute(gemm, "transB", 0) != 0) {
    if (!is_constant(graph, weights)) return ValueId::None;
    weights = g.add("Transpose", 1, {weights}, {{"perm", std::vector<int64_t>{1, 0}}});
    if (weights == ValueId::None) return ValueId::None;
  }
  if (bias != ValueId::None) {
    const Dims* dims = dims_of(graph, bias);
    if (dims == nullptr || dims->size() > 1) return g.refuse("the bias is not a row");
  }
  ValueId result = g.add("MatMul", 1, {m["x"], weights});
  if (result == ValueId::None) return result;
  if (bias != ValueId::None) result = g.add("Add", 7, {result, bias});
  const Dims* plain = result == ValueId::None ? nullptr : dims_of(graph, result);
  if (plain == nullptr || *plain == wanted) return result;
  const bool computed = g.root().op_type == "Reshape" && !is_constant(graph, g.root().inputs[1]);
  const auto shape = written_shape(plain, wanted);
  return computed && shape ? add_reshape(g, result, *shape) : ValueId::None;
}

}  // namespace

MICA_RULE(reshaped_gemm, Fuse) {
  const Pattern flat = op("Reshape", {any("x")}).with_more_inputs();
  const Pattern gemm = op("Gemm", {flat, any("w")}).with_more_inputs().as("gemm");
  return {op("Reshape", {gemm}).with_more_inputs(), rewrite, true};
}

}  // namespace mica
