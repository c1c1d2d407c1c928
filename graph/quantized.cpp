#include "graph/quantized.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "graph/edit.h"
#include "graph/facts.h"
#include "runtime/base/unaligned.h"

namespace mica {
namespace {

constexpr DTypeSet kCodes{DType::U8, DType::I8, DType::I32};

bool is_linear(const Node& node, std::string_view op_type) {
  return node.op_type == op_type && (node.domain.empty() || node.domain == "com.microsoft") &&
         attribute(node, "block_size", 0) == 0;
}

int64_t axis_of(const Graph& graph, const Node& node) {
  const int64_t axis = attribute(node, "axis", 1);
  const Dims* dims = dims_of(graph, node.inputs[0]);
  return axis < 0 && dims != nullptr ? axis + static_cast<int64_t>(dims->size()) : axis;
}

bool is_float_scale(const Graph& graph, ValueId scale) {
  return graph.value(scale).type.dtype == DType::F32;
}

bool is_one(const Graph& graph, ValueId id) {
  const Dims* dims = dims_of(graph, id);
  return dims != nullptr && std::ranges::all_of(*dims, [](const Dim& dim) { return dim.is(1); });
}

bool same_value(const Graph& graph, ValueId a, ValueId b) {
  if (a == b) return true;
  if (a == ValueId::None || b == ValueId::None || !is_constant(graph, a) || !is_constant(graph, b)) return false;
  const Tensor& x = graph.value(a).constant;
  const Tensor& y = graph.value(b).constant;
  if (!x.defined() || !y.defined() || x.dtype() != y.dtype() || x.elements() != y.elements()) return false;
  return x.dtype() != DType::String && std::memcmp(x.raw(), y.raw(), x.bytes()) == 0;
}

bool is_zero(const Graph& graph, ValueId id) {
  const auto all = id == ValueId::None ? std::vector<double>{} : constant_numbers(graph, id);
  return all && std::ranges::all_of(*all, [](double x) { return x == 0; });
}

// One number for each channel, from as many or from one.
std::optional<std::vector<double>> repeated(std::optional<std::vector<double>> numbers, int64_t channels) {
  const auto count = static_cast<size_t>(channels);
  if (numbers && numbers->size() == 1) numbers->assign(count, numbers->front());
  return numbers && numbers->size() == count ? numbers : std::nullopt;
}

std::optional<double> bound(const Graph& graph, const Node& clip, std::string_view name, size_t input, double none) {
  if (clip.op_type == "Relu") return input == 1 ? 0 : none;
  if (clip.opset < 11) return static_cast<double>(float_attribute(clip, name, static_cast<float>(none)));
  const ValueId id = input_of(clip, input);
  if (id == ValueId::None) return none;
  return is_constant(graph, id) ? number(graph.value(id).constant) : std::nullopt;
}

}  // namespace

std::optional<std::vector<double>> constant_numbers(const Graph& graph, ValueId id) {
  if (!is_constant(graph, id) || !graph.value(id).constant.defined()) return std::nullopt;
  const Tensor tensor = aligned(graph.value(id).constant);
  std::optional<std::vector<double>> all;
  visit_dtype<float, double, uint8_t, int8_t, int32_t>(tensor.dtype(), [&]<class T>() {
    const auto elements = tensor.as<T>();
    all.emplace(elements.begin(), elements.end());
  });
  return all;
}

std::optional<QuantizedTensor> dequantized(const Graph& graph, ValueId value) {
  if (value == ValueId::None || graph.value(value).producer == NodeId::None) return std::nullopt;
  const Node& node = graph.node(graph.value(value).producer);
  if (!is_linear(node, "DequantizeLinear") || graph.value(value).type.dtype != DType::F32) return std::nullopt;
  const DType dtype = graph.value(node.inputs[0]).type.dtype;
  if (!kCodes.contains(dtype) || !is_float_scale(graph, node.inputs[1])) return std::nullopt;
  return QuantizedTensor{node.inputs[0], {node.inputs[1], input_of(node, 2), dtype, axis_of(graph, node)}};
}

std::optional<Quantization> quantization(const Graph& graph, const Node& quantize) {
  if (!is_linear(quantize, "QuantizeLinear") || graph.value(quantize.inputs[0]).type.dtype != DType::F32 ||
      !is_float_scale(graph, quantize.inputs[1]) || attribute(quantize, "precision", 0) > 1) {
    return std::nullopt;
  }
  const Quantization q{quantize.inputs[1], input_of(quantize, 2), graph.value(quantize.outputs[0]).type.dtype,
                       axis_of(graph, quantize)};
  return is_bytes(q) ? std::optional(q) : std::nullopt;
}

bool is_per_tensor(const Graph& graph, const Quantization& q) {
  return is_one(graph, q.scale) && (q.zero == ValueId::None || is_one(graph, q.zero));
}

bool is_along(const Graph& graph, const Quantization& q, int64_t axis) {
  return is_per_tensor(graph, q) || q.axis == axis;
}

bool same_quantization(const Graph& graph, const Quantization& a, const Quantization& b) {
  if (a.dtype != b.dtype || !same_value(graph, a.scale, b.scale)) return false;
  if (!same_value(graph, a.zero, b.zero) && !(is_zero(graph, a.zero) && is_zero(graph, b.zero))) return false;
  return is_per_tensor(graph, a) || a.axis == b.axis;
}

ValueId zero_point(Rewriter& g, const Quantization& q) {
  if (q.zero != ValueId::None) return q.zero;
  const Dims* dims = dims_of(g.graph(), q.scale);
  const auto shape = dims != nullptr ? to_shape(*dims) : std::nullopt;
  if (!shape) return g.refuse("the number of scales is not known");
  Tensor zeros(q.dtype, *shape);
  std::memset(zeros.mutable_raw(), 0, zeros.bytes());
  return g.add_constant(std::move(zeros));
}

Pattern quantized_layer(const Pattern& layer) {
  const Pattern cut = op("Clip", {layer}).with_more_inputs().as("f");
  return op("QuantizeLinear", {one_of({layer, op("Relu", {layer}).as("f"), cut})}).with_more_inputs();
}

bool is_saturation(const Graph& graph, const Node& node, const Quantization& q) {
  const auto scale = constant_numbers(graph, q.scale);
  const auto zero = q.zero == ValueId::None ? std::vector<double>{0} : constant_numbers(graph, q.zero);
  const auto low = bound(graph, node, "min", 1, -INFINITY), high = bound(graph, node, "max", 2, INFINITY);
  if (!scale || !zero || !low || !high || scale->size() != 1 || zero->size() != 1) return false;
  const double least = q.dtype == DType::U8 ? 0 : -128, most = least + 255;
  return std::nearbyint(*low / scale->front()) + zero->front() <= least &&
         std::nearbyint(*high / scale->front()) + zero->front() >= most;
}

ValueId integer_bias(Rewriter& g, ValueId bias, const Quantization& x, const Quantization& w, const Quantization& y,
                     int64_t channels) {
  const Graph& graph = g.graph();
  const auto quantized = dequantized(graph, bias);
  const auto codes = repeated(constant_numbers(graph, quantized ? quantized->codes : bias), channels);
  const auto x_scale = constant_numbers(graph, x.scale);
  const auto w_scale = repeated(constant_numbers(graph, w.scale), channels);
  const auto y_scale = constant_numbers(graph, y.scale);
  if (!codes || !x_scale || !w_scale || !y_scale) return g.refuse("a scale or the bias is not known");
  std::vector<double> units(codes->size(), 1), zeros(codes->size(), 0);
  if (quantized) {
    const auto given = repeated(constant_numbers(graph, quantized->by.scale), channels);
    const auto zero =
        quantized->by.zero == ValueId::None ? zeros : repeated(constant_numbers(graph, quantized->by.zero), channels);
    if (!given || !zero) return g.refuse("the scale of the bias is not known");
    units = *given;
    zeros = *zero;
  }
  Tensor integers(DType::I32, {channels});
  for (size_t i = 0; i < codes->size(); ++i) {
    const double unit = x_scale->front() * (*w_scale)[i];
    const double exact = ((*codes)[i] - zeros[i]) * units[i] / unit;
    const double rounded = std::nearbyint(exact);
    // An eighth of a result's unit is what rounding the bias may cost.
    const bool fits = std::abs(rounded) < 0x1p31 && std::abs(exact - rounded) * unit * 8 <= y_scale->front();
    if (!fits) return g.refuse("the bias is not a multiple of the scales");
    integers.mutable_data<int32_t>()[i] = static_cast<int32_t>(rounded);
  }
  return g.add_constant(std::move(integers));
}

}  // namespace mica
