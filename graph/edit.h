// Edits and questions that passes and rules share, on top of the methods of Graph.
#pragma once

#include <functional>

#include "graph/graph.h"

namespace mica {

/// Calls `visit` with the graph and with every graph inside it, outer ones first.
void for_each_graph(Graph& graph, const std::function<void(Graph&)>& visit);

/// Nodes of the graph and of those inside it.
size_t living_nodes(const Graph& graph);

/// Whether the value is the same in every run: an initializer, a folded value, or a captured one of these. An input
/// with a default value is not.
bool is_constant(const Graph& graph, ValueId id);

/// Whether the value comes into the graph from outside: as an input, or captured.
bool comes_from_outside(const Graph& graph, ValueId id);

/// Replaces symbols in the dims of the graph's inputs by numbers.
void fix_input_dims(Graph& graph, const SymbolValues& values);

/// Makes the uses of `from` uses of `to`. A graph output keeps its name, which `to` takes over; where `to` has to keep
/// its own (it comes from outside or is an output itself) the graph's output stays as it is. Returns whether anything
/// changed.
bool redirect(Graph& graph, ValueId from, ValueId to);

/// Gives a value, produced by a node or not, a constant for content. Its node loses it as an output and goes when that
/// was the last one.
void make_constant(Graph& graph, ValueId id, Tensor tensor);

/// Removes the node if nobody uses its outputs, and so on with the nodes that gave its inputs. Returns how many went.
size_t remove_unused(Graph& graph, NodeId id);

}  // namespace mica
