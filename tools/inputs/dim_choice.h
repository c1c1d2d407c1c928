// Numbers for the symbolic dims that nobody has chosen.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "graph/dim.h"

namespace mica::tools {

/// Whether the model accepts these dims.
using Accepts = std::function<bool(const SymbolValues& values)>;

/// Numbers for all of `wanted`, given those of others. By their names: a batch is 1, `a + b` is what it says, a total
/// is the past and what is new; the rest 8. Where the model does not accept that, others are tried, and if it accepts
/// none, the first guess stands.
SymbolValues choose_dims(const std::vector<std::string>& wanted, const SymbolValues& given, const Accepts& accepts);

}  // namespace mica::tools
