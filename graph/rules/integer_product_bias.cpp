// MatMulIntegerToFloat(a, b, ...) + bias   =>   MatMulIntegerToFloat(a, b, ..., bias)     for a number for each column
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

constexpr size_t kBias = 6;

// The product without bias that gives the value, to nobody else; null for anything else.
const Node* product_of(const Graph& graph, ValueId id) {
  const NodeId producer = graph.value(id).producer;
  if (producer == NodeId::None || graph.uses(id).size() != 1 || graph.is_output(id)) return nullptr;
  const Node& node = graph.node(producer);
  const bool is_product = node.op_type == "MatMulIntegerToFloat" && node.domain == "com.microsoft";
  return is_product && input_of(node, kBias) == ValueId::None ? &node : nullptr;
}

ValueId rewrite(Rewriter& g, const Match& m) {
  const Graph& graph = g.graph();
  ValueId bias = m["b"];
  const Node* product = product_of(graph, m["a"]);
  if (product == nullptr) {
    product = product_of(graph, m["b"]);
    bias = m["a"];
  }
  if (product == nullptr || g.root().opset < 7) return ValueId::None;
  const Dims* dims = dims_of(graph, bias);
  const Dims* y = dims_of(graph, product->outputs[0]);
  if (dims == nullptr || y == nullptr || y->empty() || dims->size() != 1 || dims->front() != y->back()) {
    return g.refuse("what is added is not a number for each column");
  }
  std::vector<ValueId> inputs(product->inputs.begin(), product->inputs.end());
  inputs.resize(kBias, ValueId::None);
  inputs.push_back(bias);
  return g.again(*product, std::move(inputs), {});
}

}  // namespace

MICA_RULE(integer_product_bias, Block) {
  return {op("Add", {any("a"), any("b")}), rewrite};
}

}  // namespace mica
