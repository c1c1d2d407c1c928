#include "graph/linear_layer.h"

#include <algorithm>

#include "graph/facts.h"

namespace mica {
std::optional<LinearLayer> LinearLayer::of(Rewriter& g, const Node& node) {
  const auto refuse = [&](const char* why) {
    g.refuse(why);
    return std::nullopt;
  };
  const Graph& graph = g.graph();
  LinearLayer layer;
  layer.x = node.inputs[0];
  layer.weights = node.inputs[1];
  layer.bias = input_of(node, 2);
  layer.residual = input_of(node, 3);
  const Dims* x = dims_of(graph, layer.x);
  const Dims* weights = dims_of(graph, layer.weights);
  const Dims* y = dims_of(graph, node.outputs[0]);
  if (x == nullptr || weights == nullptr || y == nullptr || x->size() < 2 || weights->size() != 2) {
    return refuse("not a product with one matrix");
  }
  if (!is_float(g.type(layer.x).dtype)) return refuse("not of floating point");
  if (attribute(node, "transA", 0) != 0) return refuse("the left operand is transposed");
  layer.alpha = float_attribute(node, "alpha", 1);
  layer.beta = float_attribute(node, "beta", 1);
  layer.transposed = attribute(node, "transB", 0) != 0;
  layer.function = LayerFunction::of_layer(node);
  if (layer.bias != ValueId::None && !is_bias_of(graph, layer.bias, node.outputs[0])) {
    return refuse("what is added differs from row to row");
  }
  return layer;
}

ValueId LinearLayer::add(Rewriter& g, const Node& product) const {
  std::vector<ValueId> inputs{x, weights, bias, residual};
  while (inputs.back() == ValueId::None) inputs.pop_back();
  Attributes attributes;
  if (alpha != 1) attributes.emplace("alpha", alpha);
  if (beta != 1) attributes.emplace("beta", beta);
  if (transposed) attributes.emplace("transB", int64_t{1});
  function.put(attributes);
  return g.add_own("Linear", product.name, std::move(inputs), std::move(attributes));
}

Pattern linear_layer() {
  const std::vector<Pattern> inputs{any("x"), any("weights")};
  return one_of({op("MatMul", inputs).as("product"), op("Gemm", inputs).with_more_inputs().as("product"),
                 own_op("Linear", inputs).with_more_inputs().as("product")});
}

ValueId matrix_before_transpose(const Graph& graph, ValueId id) {
  if (graph.value(id).producer == NodeId::None) return ValueId::None;
  const Node& node = graph.node(graph.value(id).producer);
  if (node.op_type != "Transpose" || !node.domain.empty()) return ValueId::None;
  const auto perm = permutation(graph, node);
  return perm && *perm == std::vector<int64_t>{1, 0} ? node.inputs[0] : ValueId::None;
}

bool is_bias_of(const Graph& graph, ValueId bias, ValueId product) {
  const Dims* b = dims_of(graph, bias);
  const Dims* y = dims_of(graph, product);
  if (b == nullptr || y == nullptr || y->empty() || b->size() > y->size()) return false;
  const auto is_one = [](const Dim& dim) { return dim.is(1); };
  if (b->empty()) return true;
  return std::all_of(b->begin(), b->end() - 1, is_one) && (b->back().is(1) || b->back() == y->back());
}

}  // namespace mica
