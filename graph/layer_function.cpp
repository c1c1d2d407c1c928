#include "graph/layer_function.h"

#include <limits>
#include <string_view>

#include "graph/edit.h"
#include "graph/facts.h"

namespace mica {
namespace {

// A bound of a Clip: input `input`, or the attribute it was before version 11; nullopt when it is not known.
std::optional<float> bound(const Graph& graph, const Node& clip, size_t input, std::string_view name, float absent) {
  if (clip.opset < 11) return float_attribute(clip, name, absent);
  const ValueId id = input_of(clip, input);
  if (id == ValueId::None) return absent;
  const auto value = is_constant(graph, id) ? number(graph.value(id).constant) : std::nullopt;
  return value ? std::optional(static_cast<float>(*value)) : std::nullopt;
}

}  // namespace

LayerFunction LayerFunction::of_layer(const Node& layer) {
  return {text_attribute(layer, "activation"), float_attribute(layer, "low", 0), float_attribute(layer, "high", 0)};
}

std::optional<LayerFunction> LayerFunction::of_node(const Graph& graph, const Node& node) {
  if (node.op_type == "Relu") return LayerFunction{"relu"};
  if (node.op_type == "Tanh") return LayerFunction{"tanh"};
  if (node.op_type == "Sigmoid") return LayerFunction{"sigmoid"};
  if (node.op_type == "HardSwish") return LayerFunction{"hard_swish"};
  if (node.op_type == "Gelu") {
    return LayerFunction{text_attribute(node, "approximate") == "tanh" ? "gelu_tanh" : "gelu"};
  }
  if (node.op_type == "Swish" && float_attribute(node, "alpha", 1) == 1) return LayerFunction{"silu"};
  if (node.op_type != "Clip") return std::nullopt;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto low = bound(graph, node, 1, "min", -kInfinity), high = bound(graph, node, 2, "max", kInfinity);
  return low && high ? std::optional(LayerFunction{"clip", *low, *high}) : std::nullopt;
}

void LayerFunction::put(Attributes& attributes) const {
  for (const auto* attribute : {"activation", "low", "high"}) attributes.erase(attribute);
  if (name.empty()) return;
  attributes.emplace("activation", name);
  if (name != "clip") return;
  attributes.emplace("low", low);
  attributes.emplace("high", high);
}

std::vector<Pattern> layer_functions(const Pattern& x) {
  std::vector<Pattern> patterns{op("Clip", {x}).with_more_inputs()};
  for (const auto* f : {"Relu", "HardSwish", "Gelu", "Swish", "Tanh", "Sigmoid"}) patterns.push_back(op(f, {x}));
  return patterns;
}

}  // namespace mica
