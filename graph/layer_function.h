// Functions of each element that the layers of this build's own domain apply to their results.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/pattern.h"

namespace mica {

struct LayerFunction {
  std::string name;         ///< as the operators' attribute `activation`; empty: none
  float low = 0, high = 0;  ///< of clip

  /// What a layer has already.
  static LayerFunction of_layer(const Node& layer);
  /// What a node does to its input 0; nullopt, when no layer does that.
  static std::optional<LayerFunction> of_node(const Graph& graph, const Node& node);

  explicit operator bool() const { return !name.empty(); }
  void put(Attributes& attributes) const;
};

/// Nodes that may be such a function of `x`.
std::vector<Pattern> layer_functions(const Pattern& x);

}  // namespace mica
