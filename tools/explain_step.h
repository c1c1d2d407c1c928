// Which way a kernel of a device takes at concrete dims.
#pragma once

#include <string>

#include "tools/plan_layout.h"

namespace mica::tools {

/// What the step's kernel would launch ("mma 64x64; not wgmma: too few tiles"); empty where it has one way only, or
/// dims depend on data.
std::string explain_step(const Plan& plan, const Step& step, const PlanLayout& layout);

}  // namespace mica::tools
