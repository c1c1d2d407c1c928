// Executes a graph node by node, inferring and allocating as it goes: the plain yardstick of the planned executor, and
// what folds constants.
#pragma once

#include <span>
#include <vector>

#include "graph/graph.h"
#include "kernels/operands.h"

namespace mica {

class ThreadPool;

/// Runs one node, given a Datum for each formal input (null: absent). Outputs that nobody wants (`ValueId::None`) come
/// back empty. Throws Error with the node's name as its path.
std::vector<Datum> evaluate(const Node& node, std::span<const Datum* const> inputs, const Operands::Context& context);

/// Types of a node's outputs for these inputs, all of whose contents are known.
std::vector<ValueType> infer_concrete(const Node& node, std::span<const Datum* const> inputs);

/// Runs a graph on a Datum for each graph input and, of a subgraph, each captured value (null where not captured).
/// Returns the graph's outputs.
std::vector<Datum> interpret(const Graph& graph, std::span<const Datum> inputs, std::span<const Datum* const> captures,
                             Workspace& workspace, ThreadPool& threads);

/// The type of something at hand.
ValueType type_of(const Datum& datum);

}  // namespace mica
