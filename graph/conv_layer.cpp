#include "graph/conv_layer.h"

#include "graph/facts.h"

namespace mica {

std::optional<ConvLayer> ConvLayer::of(Rewriter& g, const Node& node) {
  ConvLayer layer;
  layer.x = node.inputs[0];
  layer.weights = node.inputs[1];
  layer.bias = input_of(node, 2);
  layer.residual = input_of(node, 3);
  if (g.type(layer.x).dtype != DType::F32) {
    g.refuse("not of floats of 32 bits");
    return std::nullopt;
  }
  layer.function = LayerFunction::of_layer(node);
  layer.window = node.attributes;
  LayerFunction{}.put(layer.window);
  return layer;
}

std::vector<ValueId> ConvLayer::inputs() const {
  std::vector<ValueId> inputs{x, weights, bias, residual};
  while (inputs.back() == ValueId::None) inputs.pop_back();
  return inputs;
}

Attributes ConvLayer::attributes() const {
  Attributes attributes = window;
  function.put(attributes);
  return attributes;
}

ValueId ConvLayer::add(Rewriter& g, const Node& conv) const {
  return g.add_own("ConvLayer", conv.name, inputs(), attributes());
}

Pattern conv_layer() {
  const std::vector<Pattern> inputs{any("x"), any("weights")};
  return one_of(
      {op("Conv", inputs).with_more_inputs().as("conv"), own_op("ConvLayer", inputs).with_more_inputs().as("conv")});
}

}  // namespace mica
