// Attention(x w_q + b_q, x w_k + b_k, x w_v + b_v)   =>   SelfAttention(Linear(x, [w_q w_k w_v], [b_q b_k b_v]))
// for small constants: what is saved are steps, and the joined weights cannot stay in the file.
#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/linear.h"
#include "graph/linear_layer.h"
#include "graph/rule.h"
#include "graph/self_attention.h"

namespace mica {
namespace {

// The product that gives a value, when nobody else uses it, and it is x w + b for constants w and b.
std::optional<LinearLayer> product(Rewriter& g, ValueId id) {
  const Graph& graph = g.graph();
  const NodeId producer = graph.value(id).producer;
  if (producer == NodeId::None || graph.uses(id).size() != 1 || graph.is_output(id)) return std::nullopt;
  const Node& node = graph.node(producer);
  const bool own = node.domain == kOwnDomain && node.op_type == "Linear";
  if (!own && !(node.domain.empty() && (node.op_type == "MatMul" || node.op_type == "Gemm"))) return std::nullopt;
  auto layer = LinearLayer::of(g, node);
  if (!layer || layer->alpha != 1 || layer->beta != 1 || !layer->activation.empty()) return std::nullopt;
  if (layer->residual != ValueId::None || !is_constant(graph, layer->weights)) return std::nullopt;
  if (layer->bias == ValueId::None) return layer;
  const Dims& y = *dims_of(graph, id);
  const bool whole = is_constant(graph, layer->bias) && y.back().is(graph.value(layer->bias).constant.elements());
  return whole ? layer : std::nullopt;
}

ValueId join(Rewriter& g, const Match& m) {
  std::vector<Tensor> weights, biases;
  LinearLayer joined;
  size_t bytes = 0;
  int64_t width = 0;
  bool any_bias = false;
  for (const auto* name : {"q", "k", "v"}) {
    const auto layer = product(g, m[name]);
    if (!layer) return g.refuse("queries, keys and values are not products with constants");
    if (weights.empty()) joined = *layer;
    if (layer->x != joined.x || layer->transposed != joined.transposed) {
      return g.refuse("the products differ in what is multiplied, or how");
    }
    weights.push_back(g.graph().value(layer->weights).constant);
    const int64_t columns = weights.back().shape()[joined.transposed ? 0 : 1];
    const bool is_biased = layer->bias != ValueId::None;
    any_bias |= is_biased;
    biases.push_back(is_biased ? g.graph().value(layer->bias).constant : zeros(weights.back().dtype(), columns));
    bytes += weights.back().bytes();
    width += columns;
  }
  if (!is_self_attention(g, g.node("attention"))) return ValueId::None;
  if (bytes == 0 || !g.may_rewrite(bytes, true)) return g.refuse("the weights are large");
  const int64_t depth = weights[0].shape()[joined.transposed ? 1 : 0];
  const Shape shape = joined.transposed ? Shape{width, depth} : Shape{depth, width};
  joined.weights = g.add_constant(side_by_side(weights, shape, joined.transposed ? 1 : depth));
  joined.bias = ValueId::None;
  if (any_bias) joined.bias = g.add_constant(side_by_side(biases, Shape{width}, 1));
  const ValueId packed = joined.add(g, g.graph().node(g.graph().value(m["q"]).producer));
  return packed == ValueId::None ? packed : add_self_attention(g, g.node("attention"), packed);
}

}  // namespace

MICA_RULE(attention_products, Layer) {
  return {op("Attention", {any("q"), any("k"), any("v")}).with_more_inputs().as("attention"), join};
}

}  // namespace mica
