// How the graph layer, which knows no kernels, gets a node computed.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "graph/graph.h"
#include "runtime/base/tensor.h"

namespace mica {

/// Computes a node without subgraphs, given a tensor for each formal input (undefined: absent). Returns one tensor for
/// each output (undefined: nobody wants it), or nullopt when an output is not a tensor. Throws Error when the node
/// cannot be computed.
using Evaluator = std::function<std::optional<std::vector<Tensor>>(const Node& node, std::span<const Tensor> inputs)>;

}  // namespace mica
