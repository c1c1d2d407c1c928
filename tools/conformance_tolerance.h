// How near results must come to the standard's own.
#pragma once

#include <string_view>

#include "tools/compare_values.h"

namespace mica::tools {

/// The ONNX backend tests' rtol 1e-3, atol 1e-7, but for the cases of a short table, each with its reason.
Tolerance standard_tolerance(std::string_view case_name);

}  // namespace mica::tools
