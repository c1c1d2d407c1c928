// What a step is called in tables.
#pragma once

#include <string>

#include "runtime/plan.h"

namespace mica::tools {

/// Of a node's step the node, with its name; of a copy what is copied.
std::string step_name(const Plan& plan, const Step& step);
/// The node's operator, or "upload" or "download".
std::string step_operator(const Plan& plan, const Step& step);

}  // namespace mica::tools
