// A part of a graph as a graph of its own.
#pragma once

#include <span>
#include <string>

#include "graph/graph.h"

namespace mica {

/// Makes the named values the outputs of the graph and removes what they do not need. With `inputs` these become all
/// of its inputs, in this order, whatever computed them; without, it keeps those of its inputs that are still needed.
/// Without `outputs` it keeps its own. Types should have been inferred, as new inputs and outputs have them. Throws
/// InvalidArgument for an unknown or doubled name, and where an output needs an input that is not among `inputs`.
void extract(Graph& graph, std::span<const std::string> inputs, std::span<const std::string> outputs);

}  // namespace mica
