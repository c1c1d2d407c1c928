#include "graph/joined_layers.h"

#include <vector>

#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/linear.h"

namespace mica {

std::optional<LinearLayer> constant_layer(Rewriter& g, ValueId id) {
  const Graph& graph = g.graph();
  const NodeId producer = graph.value(id).producer;
  if (producer == NodeId::None || graph.uses(id).size() != 1 || graph.is_output(id)) return std::nullopt;
  const Node& node = graph.node(producer);
  const bool own = node.domain == kOwnDomain && node.op_type == "Linear";
  if (!own && !(node.domain.empty() && (node.op_type == "MatMul" || node.op_type == "Gemm"))) return std::nullopt;
  auto layer = LinearLayer::of(g, node);
  if (!layer || layer->alpha != 1 || layer->beta != 1) return std::nullopt;
  if (layer->residual != ValueId::None || !is_constant(graph, layer->weights)) return std::nullopt;
  if (layer->bias == ValueId::None) return layer;
  const Dims& y = *dims_of(graph, id);
  const bool whole = is_constant(graph, layer->bias) && y.back().is(graph.value(layer->bias).constant.elements());
  return whole ? layer : std::nullopt;
}

ValueId join_layers(Rewriter& g, std::span<const LinearLayer> layers, const Node& like) {
  std::vector<Tensor> weights, biases;
  size_t bytes = 0;
  int64_t width = 0;
  bool any_bias = false;
  LinearLayer joined = layers.front();
  for (const LinearLayer& layer : layers) {
    if (layer.x != joined.x || layer.transposed != joined.transposed) {
      return g.refuse("the products differ in what is multiplied, or how");
    }
    weights.push_back(g.graph().value(layer.weights).constant);
    const int64_t columns = weights.back().shape()[joined.transposed ? 0 : 1];
    const bool is_biased = layer.bias != ValueId::None;
    any_bias |= is_biased;
    biases.push_back(is_biased ? g.graph().value(layer.bias).constant : zeros(weights.back().dtype(), columns));
    bytes += weights.back().bytes();
    width += columns;
  }
  if (bytes == 0 || !g.may_rewrite(bytes, true)) return g.refuse("the weights are large");
  const int64_t depth = weights[0].shape()[joined.transposed ? 1 : 0];
  const Shape shape = joined.transposed ? Shape{width, depth} : Shape{depth, width};
  joined.weights = g.add_constant(side_by_side(weights, shape, joined.transposed ? 1 : depth));
  joined.bias = any_bias ? g.add_constant(side_by_side(biases, Shape{width}, 1)) : ValueId::None;
  joined.function = {};
  return joined.add(g, like);
}

}  // namespace mica
