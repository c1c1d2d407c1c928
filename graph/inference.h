// Type and shape inference over a whole graph.
#pragma once

#include <string>

#include "graph/graph.h"

namespace mica {

/// What inference does when a model's own statements contradict what follows from its inputs.
enum class Strictness {
  Lenient,  ///< keep what was inferred: models found in the wild declare wrong shapes
  Strict,   ///< throw, naming both
};

/// Infers the type of every value of the graph and its subgraphs, and the contents of small integer tensors, from the
/// types of its inputs. What no operator of the build tells stays as it was declared. Throws InvalidModel, with the
/// node as path, when a node's inputs contradict each other.
void infer_types(Graph& graph, Strictness strictness = Strictness::Lenient);

/// The same for the outputs of one node, whose inputs' types are known already.
void infer_node(Graph& graph, NodeId node, Strictness strictness = Strictness::Lenient);

}  // namespace mica
