// Type and shape inference over a whole graph.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace mica {

/// What inference does when a model's own statements contradict what follows from its inputs.
enum class Strictness {
  Lenient,  ///< keep what was inferred: models found in the wild declare wrong shapes
  Strict,   ///< throw, naming both
};

/// Infers the type of every value of the graph and its subgraphs, and the contents of small integer tensors, from the
/// types of its inputs. What no operator of the build tells stays as it was declared. Returns how much of it is other
/// than what was known before. Throws InvalidModel, with the node as path, when a node's inputs contradict each other.
size_t infer_types(Graph& graph, Strictness strictness = Strictness::Lenient);

/// The same for the outputs of one node, whose inputs' types are known already.
void infer_node(Graph& graph, NodeId node, Strictness strictness = Strictness::Lenient);

/// What becomes of a new node whose inputs contradict each other.
enum class Contradiction {
  Refused,  ///< it throws, and the node is not in the graph
  Kept,     ///< the node stays, its outputs being of unknown type: a branch that no run takes may hold one
};

/// Adds a node of this operator, version, name and attributes, with these formal inputs and a new value for each output
/// that is `wanted`, and infers their types. Throws, with the graph as it was but for values that nothing uses, when
/// the build does not have the operator (Unsupported), or when it does not take such inputs or attributes.
NodeId add_node(Graph& graph, const OpTable& operators, Node node, std::vector<ValueId> inputs,
                const std::vector<bool>& wanted = {true}, Contradiction contradiction = Contradiction::Refused);

}  // namespace mica
