#include "graph/linear.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "graph/edit.h"
#include "graph/facts.h"
#include "runtime/base/unaligned.h"

namespace mica {
namespace {

bool is_used_once(const Graph& graph, ValueId id) {
  return graph.uses(id).size() == 1 && !graph.is_output(id);
}

// Beyond this, a product with the weights may leave the range of their type. (Where a small factor makes it 0, nothing
// to speak of was left before either.)
bool is_moderate(double factor) {
  return std::abs(factor) < 1e15;
}

}  // namespace

std::optional<std::vector<double>> floats(const Tensor& tensor) {
  std::optional<std::vector<double>> result;
  visit_dtype<float, double>(tensor.dtype(), [&]<class T>() {
    result.emplace(static_cast<size_t>(tensor.elements()));
    for (size_t i = 0; i < result->size(); ++i) (*result)[i] = element_at<T>(tensor, static_cast<int64_t>(i));
  });
  return result;
}

Tensor tensor_of(DType dtype, const Shape& shape, const std::vector<double>& elements) {
  Tensor tensor(dtype, shape);
  visit_dtype<float, double>(dtype, [&]<class T>() {
    std::ranges::transform(elements, tensor.mutable_data<T>(), [](double x) { return static_cast<T>(x); });
  });
  return tensor;
}

std::optional<Linear> Linear::of(const Graph& graph, ValueId id) {
  const NodeId producer = graph.value(id).producer;
  if (producer == NodeId::None || !is_used_once(graph, id)) return std::nullopt;
  Linear linear;
  const Node& node = graph.node(producer);
  if (!node.domain.empty()) return std::nullopt;
  const bool found = node.op_type == "Add" ? linear.read_sum(graph, node) : linear.read_product(graph, producer);
  return found ? std::optional(linear) : std::nullopt;
}

bool Linear::read_product(const Graph& graph, NodeId id) {
  product_ = id;
  const Node& node = graph.node(id);
  if (!node.domain.empty() || node.formal_inputs < 2 || !is_constant(graph, node.inputs[1])) return false;
  const DType dtype = graph.value(node.inputs[1]).constant.dtype();
  if ((dtype != DType::F32 && dtype != DType::F64) || !read_weights(graph, node)) return false;
  if (input_of(node, 2) == ValueId::None) return true;
  return read_bias(graph, node.inputs[2], node.op_type == "Gemm" ? float_attribute(node, "beta", 1) : 1);
}

bool Linear::read_weights(const Graph& graph, const Node& node) {
  const Shape& shape = graph.value(node.inputs[1]).constant.shape();
  if (shape.elements() == 0) return false;
  if (node.op_type == "Conv" || node.op_type == "ConvTranspose") {
    const bool transposed = node.op_type == "ConvTranspose";
    if (shape.rank() < 3) return false;
    rank_ = shape.rank();
    axis_from_back_ = rank_ - 1;
    weights_axis_ = transposed ? 1 : 0;
    group_ = transposed ? attribute(node, "group", 1) : 1;
    if (group_ < 1 || shape[0] % group_ != 0) return false;
    channels_ = shape[weights_axis_] * group_;
    return true;
  }
  if (node.op_type == "Gemm" && node.opset >= 7 && shape.rank() == 2) {
    rank_ = 2;
    weights_axis_ = attribute(node, "transB", 0) != 0 ? 0 : 1;
    channels_ = shape[weights_axis_];
    return true;
  }
  if (node.op_type != "MatMul" || shape.rank() < 2) return false;
  const Dims* dims = dims_of(graph, node.outputs[0]);
  rank_ = dims == nullptr ? 1 : dims->size();
  weights_axis_ = shape.rank() - 1;
  channels_ = shape.back();
  return true;
}

bool Linear::read_bias(const Graph& graph, ValueId bias, double beta) {
  // That of a convolution is a row of the channels, wherever they are in the output.
  const bool is_row = axis_from_back_ > 1;
  auto elements = !is_row                    ? per_channel(graph, bias)
                  : is_constant(graph, bias) ? floats(graph.value(bias).constant)
                                             : std::nullopt;
  if (!elements || elements->size() != static_cast<size_t>(channels_)) return false;
  bias_ = std::move(*elements);
  for (double& b : bias_) b *= beta;
  return true;
}

bool Linear::read_sum(const Graph& graph, const Node& add) {
  for (const size_t side : {0, 1}) {
    const ValueId inner = add.inputs[side];
    if (inner == ValueId::None || graph.value(inner).producer == NodeId::None || !is_used_once(graph, inner)) continue;
    const NodeId producer = graph.value(inner).producer;
    if (add.opset < 7 || graph.node(producer).op_type != "MatMul") continue;
    is_sum_ = true;
    return read_product(graph, producer) && read_bias(graph, add.inputs[1 - side], 1);
  }
  return false;
}

std::optional<std::vector<double>> Linear::per_channel(const Graph& graph, ValueId constant) const {
  if (!is_constant(graph, constant)) return std::nullopt;
  const Tensor& tensor = graph.value(constant).constant;
  const Shape& shape = tensor.shape();
  if (shape.rank() > rank_) return std::nullopt;
  for (size_t i = 0; i < shape.rank(); ++i) {
    const bool along = shape.rank() - i == axis_from_back_;
    if (shape[i] != 1 && !(along && shape[i] == channels_)) return std::nullopt;
  }
  auto elements = floats(tensor);
  if (elements && elements->size() == 1) elements->resize(static_cast<size_t>(channels_), elements->front());
  return elements;
}

// Blocks of weights lie behind each other, each for one channel.
std::vector<double> Linear::scaled_weights(const Graph& graph, const std::vector<double>& factors) const {
  const Tensor& weights = graph.value(graph.node(product_).inputs[1]).constant;
  const Shape& shape = weights.shape();
  std::vector<double> elements = floats(weights).value_or(std::vector<double>{});
  const auto block = static_cast<size_t>(shape.elements(weights_axis_ + 1, shape.rank()));
  const auto blocks = static_cast<size_t>(shape[weights_axis_]);
  const size_t group_size = elements.size() / static_cast<size_t>(group_);
  const double* factor = factors.data();  // of the group's first channel
  for (size_t i = 0; i < elements.size();) {
    for (size_t channel = 0; channel < blocks; ++channel) {
      for (const size_t end = i + block; i < end; ++i) elements[i] *= factor[channel];
    }
    if (i % group_size == 0) factor += blocks;
  }
  return elements;
}

bool Linear::takes_bias(const Graph& graph) const {
  const Node& node = graph.node(product_);
  return node.op_type != "MatMul" || is_sum_ ||
         (rank_ == 2 && graph.value(node.inputs[1]).constant.shape().rank() == 2);
}

ValueId Linear::scaled(Rewriter& g, const std::vector<double>& factors, const std::vector<double>& offsets) const {
  const Graph& graph = g.graph();
  const Node& node = graph.node(product_);
  const ValueId weights_id = node.inputs[1];
  const Tensor& weights = graph.value(weights_id).constant;
  const bool biased = !bias_.empty() || std::ranges::any_of(offsets, [](double x) { return x != 0; });
  if (biased && !takes_bias(graph)) return ValueId::None;
  if (!std::ranges::all_of(factors, is_moderate)) return g.refuse("a factor is very large");
  if (std::ranges::any_of(offsets, [](double x) { return !std::isfinite(x); })) return g.refuse("not finite");
  const bool shared = graph.uses(weights_id).size() > 1 || comes_from_outside(graph, weights_id);
  const bool scales = std::ranges::any_of(factors, [](double x) { return x != 1; });
  std::vector<double> bias = bias_;
  bias.resize(factors.size(), 0);
  for (size_t i = 0; i < bias.size(); ++i) bias[i] = bias[i] * factors[i] + offsets[i];
  if (scales && !g.may_rewrite(weights.bytes(), shared)) {
    return g.refuse("the weights are large, and used elsewhere too or made anew too often");
  }

  const DType dtype = weights.dtype();
  std::vector<ValueId> inputs{node.inputs[0], weights_id};
  if (scales) inputs[1] = g.add_constant(tensor_of(dtype, weights.shape(), scaled_weights(graph, factors)));
  const auto new_bias = [&] { return g.add_constant(tensor_of(dtype, Shape{channels_}, bias)); };
  Attributes attributes = node.attributes;
  if (is_sum_) return g.add("Add", 7, {g.again(node, std::move(inputs), std::move(attributes)), new_bias()});
  if (biased) inputs.push_back(new_bias());
  if (biased && node.op_type == "MatMul") return g.add("Gemm", 7, std::move(inputs));
  attributes.erase("beta");
  return g.again(node, std::move(inputs), std::move(attributes));
}

Tensor side_by_side(const std::vector<Tensor>& parts, const Shape& shape, int64_t rows) {
  Tensor joined(parts[0].dtype(), shape);
  char* to = static_cast<char*>(joined.mutable_raw());
  for (int64_t row = 0; row < rows; ++row) {
    for (const Tensor& part : parts) {
      const size_t bytes = part.bytes() / static_cast<size_t>(rows);
      std::memcpy(to, part.data<char>() + static_cast<size_t>(row) * bytes, bytes);
      to += bytes;
    }
  }
  return joined;
}

Tensor zeros(DType dtype, int64_t width) {
  Tensor tensor(dtype, Shape{width});
  std::memset(tensor.mutable_raw(), 0, tensor.bytes());
  return tensor;
}

}  // namespace mica
