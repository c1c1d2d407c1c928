// MatMul(x, a), MatMul(x, b), ...   =>   Split(MatMul(x, [a b ...]))     for constant matrices, with what is added to
// each The products of queries, keys and values, and of the gates of a layer, have their input in common.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/inference.h"
#include "graph/linear.h"
#include "graph/passes/pass.h"

namespace mica {
namespace {

/// One product and the constant added to it: a MatMul with or without an Add, or a Gemm.
struct Product {
  NodeId product, last;  ///< with the weights; giving the result
  ValueId weights = ValueId::None, bias = ValueId::None;
  bool transposed = false;  ///< weights are [outputs, inputs]
  size_t nodes = 1;
  int64_t width = 0;  ///< outputs
};

const Tensor* matrix(const Graph& graph, ValueId id) {
  const bool whole = is_constant(graph, id) && !comes_from_outside(graph, id) && graph.uses(id).size() == 1;
  if (!whole || graph.value(id).constant.shape().rank() != 2) return nullptr;
  const Tensor& tensor = graph.value(id).constant;
  return is_float(tensor.dtype()) && tensor.bytes() > 0 ? &tensor : nullptr;
}

bool is_row(const Graph& graph, ValueId id, int64_t width, DType dtype) {
  if (!is_constant(graph, id)) return false;
  const Tensor& tensor = graph.value(id).constant;
  return tensor.dtype() == dtype && tensor.shape() == Shape{width};
}

std::optional<Product> plain_product(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const Tensor* weights = matrix(graph, node.inputs[1]);
  if (weights == nullptr) return std::nullopt;
  Product product{id, id, node.inputs[1]};
  product.width = weights->shape()[1];
  const ValueId output = node.outputs[0];
  if (graph.is_output(output) || graph.uses(output).size() != 1) return product;
  const Use use = graph.uses(output)[0];
  const Node& add = graph.node(use.node);
  if (add.op_type != "Add" || !add.domain.empty() || add.opset < 7) return product;
  const ValueId bias = add.inputs[1 - use.index];
  if (!is_row(graph, bias, product.width, weights->dtype())) return product;
  product.last = use.node;
  product.bias = bias;
  product.nodes = 2;
  return product;
}

std::optional<Product> gemm_product(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const Tensor* weights = matrix(graph, node.inputs[1]);
  for (const auto& [name, value] : node.attributes) {
    const auto* number = std::get_if<float>(&value);
    if (number != nullptr && *number != 1) return std::nullopt;
  }
  if (weights == nullptr || node.opset < 7 || attribute(node, "transA", 0) != 0) return std::nullopt;
  Product product{id, id, node.inputs[1], input_of(node, 2)};
  product.transposed = attribute(node, "transB", 0) != 0;
  product.width = weights->shape()[product.transposed ? 0 : 1];
  const bool fits = product.bias == ValueId::None || is_row(graph, product.bias, product.width, weights->dtype());
  return fits ? std::optional(product) : std::nullopt;
}

// The products of one value that may become one, in groups of the same kind.
using Groups = std::map<std::tuple<ValueId, bool, bool, DType>, std::vector<Product>>;

Groups group_products(const Graph& graph) {
  Groups groups;
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    const bool plain = node.op_type == "MatMul";
    if (!node.domain.empty() || (!plain && node.op_type != "Gemm") || is_constant(graph, node.inputs[0])) continue;
    const auto product = plain ? plain_product(graph, id) : gemm_product(graph, id);
    if (!product) continue;
    const DType dtype = graph.value(product->weights).constant.dtype();
    groups[{node.inputs[0], plain, product->transposed, dtype}].push_back(*product);
  }
  return groups;
}

/// Puts one product and a Split in the place of a group.
class Joining {
 public:
  Joining(PassContext& context, Graph& graph, const std::vector<Product>& products)
      : context_(context), graph_(graph), products_(products) {
    const Node& first = graph.node(products[0].product);
    op_type_ = first.op_type;
    opset_ = first.opset;
    x_ = first.inputs[0];
    attributes_ = first.attributes;
    for (const Product& product : products) {
      before_ += product.nodes;
      width_ += product.width;
      biased_ |= product.bias != ValueId::None;
    }
  }

  bool run(bool plain, bool transposed) {
    const Dims* dims = dims_of(graph_, graph_.node(products_[0].product).outputs[0]);
    const bool adds = plain && biased_;
    if (dims == nullptr || dims->empty() || before_ <= (adds ? size_t{3} : size_t{2})) return false;
    const auto axis = static_cast<int64_t>(dims->size()) - 1;
    std::vector<ValueId> inputs{x_, graph_.add_constant("", joined_weights(transposed))};
    if (biased_ && !plain) inputs.push_back(joined_bias());
    ValueId product = add(op_type_, opset_, inputs, attributes_, 1)[0];
    if (adds) product = add("Add", opset_, {product, joined_bias()}, {}, 1)[0];
    split(product, axis);
    return true;
  }

 private:
  Tensor joined_weights(bool transposed) const {
    std::vector<Tensor> parts;
    for (const Product& product : products_) parts.push_back(graph_.value(product.weights).constant);
    const int64_t depth = parts[0].shape()[transposed ? 1 : 0];
    return transposed ? side_by_side(parts, Shape{width_, depth}, 1) : side_by_side(parts, Shape{depth, width_}, depth);
  }

  ValueId joined_bias() {
    std::vector<Tensor> parts;
    const DType dtype = graph_.value(products_[0].weights).constant.dtype();
    for (const Product& product : products_) {
      const bool has = product.bias != ValueId::None;
      parts.push_back(has ? graph_.value(product.bias).constant : zeros(dtype, product.width));
    }
    return graph_.add_constant("", side_by_side(parts, Shape{width_}, 1));
  }

  void split(ValueId product, int64_t axis) {
    std::vector<int64_t> widths;
    for (const Product& part : products_) widths.push_back(part.width);
    std::vector<ValueId> inputs{product};
    Attributes attributes{{"axis", axis}};
    if (opset_ < 13) {
      attributes.emplace("split", widths);
    } else {
      const Shape count{static_cast<int64_t>(widths.size())};
      inputs.push_back(graph_.add_constant("", Tensor::of<int64_t>(count, widths)));
    }
    const std::vector<ValueId> parts = add("Split", opset_, inputs, attributes, widths.size());
    for (size_t i = 0; i < parts.size(); ++i) {
      const NodeId last = products_[i].last;
      const ValueId result = graph_.node(last).outputs[0];
      redirect(graph_, result, parts[i]);
      remove_unused(graph_, last);
    }
  }

  std::vector<ValueId> add(const std::string& op_type, int64_t opset, std::vector<ValueId> inputs,
                           const Attributes& attributes, size_t outputs) {
    Node node;
    node.op_type = op_type;
    node.opset = opset;
    node.attributes = attributes;
    const std::vector<bool> wanted(outputs, true);
    return graph_.node(add_node(graph_, context_.operators, std::move(node), std::move(inputs), wanted)).outputs;
  }

  PassContext& context_;
  Graph& graph_;
  const std::vector<Product>& products_;
  std::string op_type_;
  int64_t opset_;
  ValueId x_;
  Attributes attributes_;
  size_t before_ = 0;
  int64_t width_ = 0;
  bool biased_ = false;
};

size_t join_in(PassContext& context, Graph& graph) {
  size_t joined = 0;
  for (const auto& [key, products] : group_products(graph)) {
    if (products.size() < 2) continue;
    joined += Joining(context, graph, products).run(std::get<1>(key), std::get<2>(key));
  }
  return joined;
}

}  // namespace

size_t join_products(PassContext& context) {
  size_t joined = 0;
  for_each_graph(*context.model.graph, [&](Graph& graph) { joined += join_in(context, graph); });
  return joined;
}

}  // namespace mica
