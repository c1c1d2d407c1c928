// How much arithmetic nodes do, from the dims of their operands.
#pragma once

#include <optional>

#include "graph/graph.h"

namespace mica::tools {

/// Multiplications and additions of products of matrices, convolutions, attention and recurrent layers, two for each
/// product; nullopt for other operators, where memory is what counts, and where dims are not known.
std::optional<Dim> node_flops(const Node& node, const OperandDims& dims);

struct GraphFlops {
  Dim known;           ///< an expression over the dims of the model's inputs
  size_t unknown = 0;  ///< nodes that would count, but of dims that only a run can tell
};

/// The sum over a graph whose types have been inferred; a graph inside a node counts once.
GraphFlops graph_flops(const Graph& graph);

}  // namespace mica::tools
