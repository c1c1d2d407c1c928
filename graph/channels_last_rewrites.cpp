// How each operator is written for images whose channels are last.
#include <algorithm>
#include <array>
#include <utility>

#include "graph/batch_norm.h"
#include "graph/channels_last_node.h"
#include "graph/edit.h"
#include "graph/linear.h"
#include "graph/pattern.h"
#include "graph/slicing.h"

namespace mica {
namespace {

using Layout = ChannelsLast;
using Original = OriginalNode;

bool is_f32(const Graph& graph, ValueId id) {
  return graph.value(id).type.dtype == DType::F32;
}

// Channels that are moved one by one rather than as vectors.
constexpr int64_t kFewChannels = 4;

// Whether a convolution is of few channels of an image that comes from outside: they are put in order as windows are
// read.
bool orders_channels(const Layout& layout, const Node& conv) {
  const Graph& graph = layout.graph();
  const Shape& weights = graph.value(conv.inputs[1]).constant.shape();
  const NodeId producer = graph.value(conv.inputs[0]).producer;
  const bool transposed = producer != NodeId::None && graph.node(producer).op_type == "Transpose";
  return attribute(conv, "group", 1) == 1 && weights[1] > 1 && weights[1] <= kFewChannels &&
         weights.elements(2, weights.rank()) > 1 && layout.twin(conv.inputs[0]) == ValueId::None && !transposed;
}

bool rewrite_conv(Layout& layout, NodeId id) {
  const Node& node = layout.graph().node(id);
  const size_t rank = image_rank(layout.graph(), node.inputs[0]);
  if (rank == 0 || !is_f32(layout.graph(), node.inputs[0]) || attribute(node, "channels_last", 0) != 0) return false;
  if (!takes_filters(layout, node, node.inputs[0], node.inputs[1])) return false;
  const bool first = orders_channels(layout, node);
  Original layer(node);
  if (first) layer.attributes.emplace("x_channels_first", int64_t{1});
  for (const size_t i : {0, 3}) {
    if (i == 0 && first) continue;
    if (i < layer.inputs.size() && layer.inputs[i] != ValueId::None) {
      layer.inputs[i] = layout.twin_of(layer.inputs[i], rank);
    }
  }
  layer.attributes.emplace("channels_last", int64_t{1});
  layer.op = {std::string(kOwnDomain), "ConvLayer", 1};
  return give(layout, id, std::move(layer).again(layout, id));
}

bool are_all(const Attributes& attributes, std::string_view name, int64_t number) {
  const auto found = attributes.find(name);
  return found == attributes.end() ||
         std::ranges::all_of(std::get<std::vector<int64_t>>(found->second), [&](int64_t x) { return x == number; });
}

// Transposed convolutions whose strides are as large as the kernel.
bool rewrite_conv_transpose(Layout& layout, NodeId id) {
  const Node& node = layout.graph().node(id);
  const size_t rank = image_rank(layout.graph(), node.inputs[0]);
  const ValueId x = layout.twin(node.inputs[0]);
  if (x == ValueId::None || !is_f32(layout.graph(), x) || !is_constant(layout.graph(), node.inputs[1])) return false;
  const Shape& weights = layout.graph().value(node.inputs[1]).constant.shape();
  const std::string auto_pad = text_attribute(node, "auto_pad", "NOTSET");
  const bool sized = node.attributes.contains("output_shape") || (auto_pad != "NOTSET" && auto_pad != "VALID");
  const auto strides = node.attributes.find("strides");
  if (weights.rank() != rank || sized || attribute(node, "group", 1) != 1 || !are_all(node.attributes, "pads", 0) ||
      !are_all(node.attributes, "dilations", 1) || !are_all(node.attributes, "output_padding", 0) ||
      strides == node.attributes.end() ||
      !std::ranges::equal(std::get<std::vector<int64_t>>(strides->second), weights.dims().subspan(2))) {
    return false;
  }
  Original transposed(node);
  transposed.inputs[0] = x;
  transposed.attributes = {};
  transposed.op = {std::string(kOwnDomain), "ChannelsLastConvTranspose", 1};
  return give(layout, id, std::move(transposed).again(layout, id));
}

bool rewrite_pool(Layout& layout, NodeId id) {
  const Node& node = layout.graph().node(id);
  const ValueId x = layout.twin(node.inputs[0]);
  const bool indices = node.outputs.size() > 1 && node.outputs[1] != ValueId::None;
  if (x == ValueId::None || indices || !is_f32(layout.graph(), x)) return false;
  Original pool(node);
  pool.inputs = {x};
  pool.attributes.erase("storage_order");
  pool.op = {std::string(kOwnDomain), "ChannelsLast" + node.op_type, 1};
  return give(layout, id, std::move(pool).again(layout, id));
}

// A convolution of one tap, in which every filter sees its own channel.
bool rewrite_batch_norm(Layout& layout, NodeId id) {
  const Graph& graph = layout.graph();
  const Node& node = graph.node(id);
  const ValueId x = layout.twin(node.inputs[0]);
  const size_t rank = image_rank(graph, node.inputs[0]);
  if (x == ValueId::None || !is_f32(graph, x)) return false;
  const auto scale = batch_norm_scale(graph, node);
  const auto channels = dims_of(graph, x)->back().constant();
  if (!scale || scale->factors.size() < 2 || channels != static_cast<int64_t>(scale->factors.size())) return false;
  Shape weights{*channels};
  while (weights.rank() < rank) weights.push_back(1);
  const ValueId w = layout.add_constant(tensor_of(DType::F32, weights, scale->factors));
  const ValueId bias = layout.add_constant(tensor_of(DType::F32, Shape{*channels}, scale->offsets));
  const Layout::Operator op{std::string(kOwnDomain), "ConvLayer", 1};
  return give(layout, id, layout.add_one(op, id, {x, w, bias}, {{"channels_last", int64_t{1}}, {"group", *channels}}));
}

// A reduction of x over these axes, as the operator's version has them.
Original reduction(Layout& layout, Original original, ValueId x, const std::vector<int64_t>& axes) {
  original.inputs = {x};
  if (original.op.opset >= (original.op.type == "ReduceSum" ? 13 : 18)) {
    const Shape count{static_cast<int64_t>(axes.size())};
    original.inputs.push_back(layout.add_constant(Tensor::of<int64_t>(count, axes)));
  } else {
    original.attributes["axes"] = axes;
  }
  return original;
}

// Reductions over axes whose dims are kept, or over all but the first two.
bool rewrite_reduction(Layout& layout, NodeId id) {
  const Node& node = layout.graph().node(id);
  const ValueId x = layout.twin(node.inputs[0]);
  const size_t rank = image_rank(layout.graph(), node.inputs[0]);
  if (x == ValueId::None) return false;
  const auto axes = integers(layout.graph(), node, "axes", 1);
  if (!axes || axes->empty()) return false;
  const bool kept = attribute(node, "keepdims", 1) != 0;
  std::vector<int64_t> own;
  for (const int64_t axis : *axes) own.push_back(turned_axis(axis, rank));
  std::ranges::sort(own);
  const bool spatial = own.front() == 1 && own.back() + 2 == static_cast<int64_t>(rank) && own.size() + 2 == rank;
  if (!kept && !spatial) return false;
  return give(layout, id, reduction(layout, Original(node), x, own).again(layout, id), kept);
}

bool rewrite_global_pool(Layout& layout, NodeId id) {
  const Node& node = layout.graph().node(id);
  const ValueId x = layout.twin(node.inputs[0]);
  if (x == ValueId::None) return false;
  std::vector<int64_t> axes;
  for (size_t i = 1; i + 1 < image_rank(layout.graph(), node.inputs[0]); ++i) axes.push_back(static_cast<int64_t>(i));
  Original mean(node);
  mean.op.type = node.op_type == "GlobalMaxPool" ? "ReduceMax" : "ReduceMean";
  return give(layout, id, reduction(layout, std::move(mean), x, axes).again(layout, id));
}

// Functions of elements that broadcast.
bool rewrite_broadcast(Layout& layout, NodeId id) {
  const Node& node = layout.graph().node(id);
  const size_t rank = image_rank(layout.graph(), node.outputs[0]);
  Original function(node);
  std::vector<ValueId>& inputs = function.inputs;
  const bool is_old = node.opset < 7 && node.op_type != "Sum" && node.op_type != "Max" && node.op_type != "Min";
  std::vector<ValueId*> operands;
  for (ValueId& input : inputs) operands.push_back(&input);
  if (rank == 0 || is_old || !turn_operands(layout, rank, operands)) return false;
  return give(layout, id, std::move(function).again(layout, id));
}

// Operators along the attribute `axis` of inputs that all are images.
bool rewrite_along_axis(Layout& layout, NodeId id) {
  const Node& node = layout.graph().node(id);
  const bool split = node.op_type == "Split";
  const size_t rank = image_rank(layout.graph(), node.inputs[0]);
  Original joint(node);
  std::vector<ValueId>& inputs = joint.inputs;
  const size_t images = split ? 1 : inputs.size();
  const auto twins = std::count_if(inputs.begin(), inputs.begin() + static_cast<int64_t>(images),
                                   [&](ValueId input) { return layout.twin(input) != ValueId::None; });
  if (rank == 0 || 2 * static_cast<size_t>(twins) < images || (node.op_type == "Softmax" && node.opset < 13))
    return false;
  const int64_t absent = split ? 0 : node.op_type == "Softmax" ? -1 : 1;
  joint.attributes["axis"] = turned_axis(attribute(node, "axis", absent), rank);
  const std::vector<ValueId> old = node.outputs;
  for (size_t i = 0; i < images; ++i) inputs[i] = layout.twin_of(inputs[i], rank);
  const std::vector<ValueId> made = layout.add(joint.op, id, std::move(inputs), std::move(joint.attributes));
  if (made.size() != old.size()) return false;
  for (size_t i = 0; i < made.size(); ++i) {
    if (old[i] != ValueId::None) layout.replace(id, i, made[i]);
  }
  return true;
}

// A list of constants, one for each axis, in the order of the twin's axes; None when it is none.
template <class T>
ValueId turned_list(Layout& layout, ValueId id, size_t lists, size_t rank) {
  if (!is_constant(layout.graph(), id)) return ValueId::None;
  const Tensor& tensor = layout.graph().value(id).constant;
  if (tensor.dtype() != dtype_of<T> || tensor.elements() != static_cast<int64_t>(lists * rank)) return ValueId::None;
  std::vector<T> all;
  for (size_t i = 0; i < lists; ++i) {
    const T* list = tensor.data<T>() + i * rank;
    const std::vector<T> part = turned(std::vector<T>(list, list + rank));
    all.insert(all.end(), part.begin(), part.end());
  }
  return layout.add_constant(Tensor::of<T>(Shape{static_cast<int64_t>(all.size())}, all));
}

bool rewrite_slice(Layout& layout, NodeId id) {
  const Node& node = layout.graph().node(id);
  const size_t rank = image_rank(layout.graph(), node.inputs[0]);
  const auto sliced = cuts(layout.graph(), node);
  Original slice(node);
  const ValueId x = layout.twin(slice.inputs[0]);
  if (x == ValueId::None || node.opset < 10 || !sliced) return false;
  std::array<std::vector<int64_t>, 4> lists;  // starts, ends, axes, steps
  for (const auto& [axis, cut] : *sliced) {
    lists[0].push_back(cut.start);
    lists[1].push_back(cut.end);
    lists[2].push_back(turned_axis(axis, rank));
    lists[3].push_back(cut.step);
  }
  slice.inputs = {x};
  for (const auto& list : lists) {
    slice.inputs.push_back(layout.add_constant(Tensor::of<int64_t>(Shape{static_cast<int64_t>(list.size())}, list)));
  }
  return give(layout, id, std::move(slice).again(layout, id));
}

bool rewrite_pad(Layout& layout, NodeId id) {
  const Node& node = layout.graph().node(id);
  const size_t rank = image_rank(layout.graph(), node.inputs[0]);
  Original pad(node);
  std::vector<ValueId>& inputs = pad.inputs;
  if (layout.twin(inputs[0]) == ValueId::None || node.opset < 11 || input_of(node, 3) != ValueId::None) return false;
  inputs[0] = layout.twin(inputs[0]);
  inputs[1] = turned_list<int64_t>(layout, inputs[1], 2, rank);
  if (inputs[1] == ValueId::None) return false;
  return give(layout, id, std::move(pad).again(layout, id));
}

bool rewrite_resize(Layout& layout, NodeId id) {
  const Node& node = layout.graph().node(id);
  const size_t rank = image_rank(layout.graph(), node.inputs[0]);
  Original resize(node);
  std::vector<ValueId>& inputs = resize.inputs;
  const bool crops = text_attribute(node, "coordinate_transformation_mode") == "tf_crop_and_resize";
  if (layout.twin(inputs[0]) == ValueId::None || node.opset < 11 || crops || node.attributes.contains("axes") ||
      node.attributes.contains("keep_aspect_ratio_policy")) {
    return false;
  }
  inputs[0] = layout.twin(inputs[0]);
  if (inputs.size() > 1) inputs[1] = ValueId::None;  // the region, which is not used
  for (size_t i = 2; i < inputs.size(); ++i) {
    if (inputs[i] == ValueId::None) continue;
    const bool empty =
        is_constant(layout.graph(), inputs[i]) && layout.graph().value(inputs[i]).constant.elements() == 0;
    if (empty) continue;
    inputs[i] =
        i == 2 ? turned_list<float>(layout, inputs[i], 1, rank) : turned_list<int64_t>(layout, inputs[i], 1, rank);
    if (inputs[i] == ValueId::None) return false;
  }
  return give(layout, id, std::move(resize).again(layout, id));
}

struct Known {
  ChannelsLastRewrite rewrite;
  std::initializer_list<std::string_view> operators;
};
const Known kKnown[] = {
    {rewrite_batch_norm, {"BatchNormalization"}},
    {rewrite_conv_transpose, {"ConvTranspose"}},
    {rewrite_pool, {"MaxPool", "AveragePool"}},
    {rewrite_global_pool, {"GlobalAveragePool", "GlobalMaxPool"}},
    {rewrite_reduction, {"ReduceMean", "ReduceMax", "ReduceMin", "ReduceSum"}},
    {rewrite_unary, {"Abs",       "Cast",      "Ceil",       "Clip",           "Cos",
                     "Elu",       "Erf",       "Exp",        "Gelu",           "HardSigmoid",
                     "HardSwish", "LeakyRelu", "Log",        "Mish",           "Neg",
                     "Floor",     "Relu",      "Reciprocal", "Round",          "Selu",
                     "Sigmoid",   "Softplus",  "Sqrt",       "Softsign",       "Swish",
                     "Tanh",      "Identity",  "Not",        "QuantizeLinear", "DequantizeLinear"}},
    {rewrite_broadcast, {"Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Sum", "PRelu"}},
    {rewrite_along_axis, {"Concat", "Split", "Softmax"}},
    {rewrite_slice, {"Slice"}},
    {rewrite_pad, {"Pad"}},
    {rewrite_resize, {"Resize"}},
};

}  // namespace

ChannelsLastRewrite channels_last_rewrite(const Node& node) {
  if (node.domain == kOwnDomain) return node.op_type == "ConvLayer" ? rewrite_conv : nullptr;
  if (const ChannelsLastRewrite quantized = channels_last_quantized(node)) return quantized;
  if (!node.domain.empty()) return nullptr;
  if (node.op_type == "Conv") return rewrite_conv;
  for (const Known& known : kKnown) {
    if (std::ranges::find(known.operators, node.op_type) != known.operators.end()) return known.rewrite;
  }
  return nullptr;
}

}  // namespace mica
