// What the rules of layers have in common. `Layer` is LinearLayer or ConvLayer; `node` is one, or a node that may be.
#pragma once

#include "graph/facts.h"
#include "graph/layer_function.h"
#include "graph/rewriter.h"

namespace mica {

/// The layer with the function that the root of the match applies to its result; None, with a refusal, for two.
template <class Layer>
ValueId with_activation(Rewriter& g, const Node& node) {
  auto layer = Layer::of(g, node);
  if (!layer) return ValueId::None;
  if (layer->function) return g.refuse("there is an activation already");
  const auto function = LayerFunction::of_node(g.graph(), g.root());
  if (!function) return g.refuse("it has a parameter");
  layer->function = *function;
  return layer->add(g, node);
}

/// The layer with a value of its result's dims added; None, with a refusal, for one of other dims or a second one.
template <class Layer>
ValueId with_residual(Rewriter& g, const Node& node, ValueId residual) {
  auto layer = Layer::of(g, node);
  if (!layer) return ValueId::None;
  const Dims* dims = dims_of(g.graph(), residual);
  const Dims* y = dims_of(g.graph(), node.outputs[0]);
  if (layer->function) return g.refuse("it is added behind an activation");
  if (dims == nullptr || y == nullptr || *dims != *y) return g.refuse("it has other dims than the layer's result");
  if (layer->residual != ValueId::None) return g.refuse("there is a residual already");
  layer->residual = residual;
  return layer->add(g, node);
}

}  // namespace mica
