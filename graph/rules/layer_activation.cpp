// f(x w + ...)   =>   Linear(x, w, ..., activation = f)     for Relu, Gelu, Swish, Tanh and Sigmoid
#include "graph/facts.h"
#include "graph/linear_layer.h"
#include "graph/rule.h"

namespace mica {
namespace {

// What the operator calls the activation; empty when it does not have it.
std::string activation_name(const Node& node) {
  if (node.op_type == "Relu") return "relu";
  if (node.op_type == "Tanh") return "tanh";
  if (node.op_type == "Sigmoid") return "sigmoid";
  if (node.op_type == "Gelu") return text_attribute(node, "approximate") == "tanh" ? "gelu_tanh" : "gelu";
  return float_attribute(node, "alpha", 1) == 1 ? "silu" : "";
}

}  // namespace

MICA_RULE(layer_activation, Layer) {
  std::vector<Pattern> patterns;
  for (const auto* f : {"Relu", "Gelu", "Swish", "Tanh", "Sigmoid"}) patterns.push_back(op(f, {linear_layer()}));
  return {patterns, [](Rewriter& g, const Match&) {
            const Node& product = g.node("product");
            auto layer = LinearLayer::of(g, product);
            if (!layer) return ValueId::None;
            if (!layer->activation.empty()) return g.refuse("there is an activation already");
            layer->activation = activation_name(g.root());
            if (layer->activation.empty()) return g.refuse("it has a parameter");
            return layer->add(g, product);
          }};
}

}  // namespace mica
