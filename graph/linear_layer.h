// Products of matrices with what is done to their results: the operator Linear of this build's own domain, and how
// rules make and extend it.
#pragma once

#include <optional>

#include "graph/layer_function.h"
#include "graph/rewriter.h"

namespace mica {

/// y = f(alpha * x w' + beta * bias + residual): a MatMul, a Gemm or a Linear. The weights w are one matrix, w' its
/// transpose where `transposed`.
struct LinearLayer {
  ValueId x = ValueId::None, weights = ValueId::None;
  ValueId bias = ValueId::None;      ///< a number, or one for each column
  ValueId residual = ValueId::None;  ///< of the dims of y
  float alpha = 1, beta = 1;
  bool transposed = false;
  LayerFunction function;

  /// nullopt, with a refusal, when the node is no such product of floats, or when its dims are not known.
  static std::optional<LinearLayer> of(Rewriter& g, const Node& node);

  /// Adds a Linear that is named as `product` is.
  ValueId add(Rewriter& g, const Node& product) const;
};

/// Nodes that may be linear layers. A match tells them as "product".
Pattern linear_layer();

/// The matrix that a Transpose made `id` of; None when no such made it.
ValueId matrix_before_transpose(const Graph& graph, ValueId id);

/// Whether a value adds the same row, or number, to every row of `product`, and does not enlarge it.
bool is_bias_of(const Graph& graph, ValueId bias, ValueId product);

}  // namespace mica
