// Tensors of positions, as masks are computed from: consecutive numbers along one axis.
#pragma once

#include <cstddef>
#include <optional>

#include "graph/graph.h"

namespace mica {

/// first, first + 1, ... along one axis; the same along all others.
struct Positions {
  size_t axis_from_back;  ///< 1 is the last axis
  Dim first, count;
};

/// nullopt when the value is not known to be positions.
std::optional<Positions> positions(const Graph& graph, ValueId id);

/// The only element of a tensor of integers, as an expression; nullopt when it is not known.
std::optional<Dim> whole_number(const Graph& graph, ValueId id);

}  // namespace mica
