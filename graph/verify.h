// Checks that a graph is what the methods of Graph promise.
#pragma once

#include "graph/graph.h"

namespace mica {

/// Throws Internal, saying what is wrong and where, unless in the graph and in every graph inside it: ids are in range,
/// the uses of values are those of the living nodes, each value has at most one source, everything used has one,
/// names are unique, captures fit the nodes that hold the subgraphs, and there is no cycle.
void verify(const Graph& graph);

}  // namespace mica
