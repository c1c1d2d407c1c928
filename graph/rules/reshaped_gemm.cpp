// Reshape(Gemm(Reshape(x), w, b))   =>   MatMul(x, w) + b     where the leading axes of x are joined only in between
// What computes the second shape falls away with it. The result may have its last axis cut up: then a Reshape stays.
// So it does where x has its axes cut up otherwise than the result, and the second shape is computed.
#include <algorithm>
#include <optional>

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
  const Dims* product = dims_of(graph, gemm.outputs[0]);
  const Dims* y = dims_of(graph, g.replaced());
  if (graph.uses(gemm.outputs[0]).size() != 1 || graph.is_output(gemm.outputs[0])) return ValueId::None;
  if (!is_plain(gemm) || x == nullptr || joined == nullptr || y == nullptr) return ValueId::None;
  if (joined->size() != 2 || product == nullptr || product->size() != 2 || y->size() < 3) return ValueId::None;
  const bool computed = g.root().op_type == "Reshape" && !is_constant(graph, g.root().inputs[1]);
  const Dims wanted = *y;  // values move as nodes are added
  const Dim depth = joined->back();
  const bool is_plain_join = x->size() >= 3 && x->back() == depth && wanted.size() >= x->size() &&
                             std::equal(x->begin(), x->end() - 1, wanted.begin());
  std::optional<std::vector<int64_t>> cut;  // x, by the axes of the result
  if (!is_plain_join) {
    Dims rows(wanted.begin(), wanted.end() - 1);
    rows.push_back(depth);
    cut = computed ? written_shape(x, rows) : std::nullopt;
    if (!cut || wanted.back() != product->back()) return ValueId::None;
  }
  ValueId weights = gemm.inputs[1];
  const ValueId bias = input_of(gemm, 2);
  if (attribute(gemm, "transB", 0) != 0) {
    if (!is_constant(graph, weights)) return ValueId::None;
    const bool kept = graph.uses(weights).size() > 1 || comes_from_outside(graph, weights);
    if (!g.may_rewrite(graph.value(weights).constant.bytes(), kept))
      return g.refuse("large weights are used elsewhere");
    weights = g.add("Transpose", 1, {weights}, {{"perm", std::vector<int64_t>{1, 0}}});
    if (weights == ValueId::None) return ValueId::None;
  }
  if (bias != ValueId::None) {
    const Dims* dims = dims_of(graph, bias);
    if (dims == nullptr || dims->size() > 1) return g.refuse("the bias is not a row");
  }
  const ValueId source = cut ? add_reshape(g, m["x"], *cut) : m["x"];
  if (source == ValueId::None) return source;
  ValueId result = g.add("MatMul", 1, {source, weights});
  if (result == ValueId::None) return result;
  if (bias != ValueId::None) result = g.add("Add", 7, {result, bias});
  const Dims* plain = result == ValueId::None ? nullptr : dims_of(graph, result);
  if (plain == nullptr || *plain == wanted) return result;
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
