// Gemm(Transpose(a), b, c)   =>   Gemm(a, b, c) with the other transA     likewise b
// MatMul(a, Transpose(b))    =>   Gemm(a, b) {transB = 1}                 for matrices
#include "graph/facts.h"
#include "graph/linear_layer.h"
#include "graph/rule.h"

namespace mica {
namespace {

bool is_matrix(const Graph& graph, ValueId id) {
  const Dims* dims = dims_of(graph, id);
  return dims != nullptr && dims->size() == 2;
}

ValueId rewrite(Rewriter& g, const Match&) {
  const Graph& graph = g.graph();
  const Node& root = g.root();
  Attributes attributes = root.attributes;
  std::vector<ValueId> inputs(root.inputs.begin(), root.inputs.begin() + static_cast<int64_t>(root.formal_inputs));
  bool turned = false;
  for (size_t i = 0; i < 2; ++i) {
    if (!is_matrix(graph, inputs[i])) return ValueId::None;
    const ValueId source = matrix_before_transpose(graph, inputs[i]);
    if (source == ValueId::None) continue;
    const auto* name = i == 0 ? "transA" : "transB";
    attributes[name] = int64_t{attribute(root, name, 0) == 0 ? 1 : 0};
    inputs[i] = source;
    turned = true;
  }
  if (!turned) return ValueId::None;
  if (root.op_type == "Gemm") return g.again(root, std::move(inputs), std::move(attributes));
  if (!is_float(g.type(inputs[0]).dtype)) return g.refuse("not of floating point");
  return g.add("Gemm", 11, std::move(inputs), std::move(attributes));
}

}  // namespace

MICA_RULE(gemm_transpose, Fuse) {
  return {one_of({op("Gemm", {any("a"), any("b")}).with_more_inputs(), op("MatMul", {any("a"), any("b")})}), rewrite};
}

}  // namespace mica
