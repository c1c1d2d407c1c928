// Shapes for all inputs of a model.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "graph/graph.h"
#include "tools/options.h"

namespace mica::tools {

using Shapes = std::map<std::string, Shape, std::less<>>;

/// Gives the inputs named in `shapes` these dims, and other inputs what follows for theirs. Returns what the symbols
/// among the dims are. Throws InvalidArgument for a name that is no input's, and for a shape that does not fit.
SymbolValues fix_input_shapes(Graph& graph, const Shapes& shapes);

/// The graph with its inputs' dims as numbers: those of `shapes`, which are by name of the input and must fit it, and
/// what follows for others; dims that are still open are chosen. Its types are inferred as far as they can be.
std::unique_ptr<Graph> with_input_shapes(const Graph& graph, const Shapes& shapes, const CommonOptions& options);

}  // namespace mica::tools
