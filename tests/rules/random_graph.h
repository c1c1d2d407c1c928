// Random models for property tests.
#pragma once

#include <cstdint>

#include "graph/dim.h"
#include "graph/graph.h"

namespace mica {

/// Numbers for the symbolic dims of a random model; it runs for the first of them.
const SymbolValues& first_dims();
const SymbolValues& other_dims();

/// A model of operators of this build, drawn by their signatures, and of what exporters write. The same for the same
/// seed. Its types are inferred.
GraphModel random_model(uint32_t seed);

}  // namespace mica
