// Looks values and dims up by the names that a person gave, and suggests the nearest where there is no such name.
#pragma once

#include <string_view>

#include "graph/graph.h"

namespace mica {

/// The value of that name in the graph itself. Throws InvalidArgument when there is none.
ValueId value_named(const Graph& graph, std::string_view name);

/// The input of that name. Throws InvalidArgument when there is none.
ValueId input_named(const Graph& graph, std::string_view name);

/// Throws InvalidArgument unless all names are of dims of the inputs, and no number is negative.
void check_dim_names(const Graph& graph, const SymbolValues& values);

}  // namespace mica
