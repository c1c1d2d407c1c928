// Where the buffers of a plan lie and how long they live, drawn in characters.
#pragma once

#include <string>

#include "tools/plan_layout.h"

namespace mica::tools {

/// A line for each buffer, by offset, with a bar over the steps that it is alive at. `columns` is the width of the
/// bars; with more steps than that, several share a column.
std::string memory_chart(const Plan& plan, const PlanLayout& layout, size_t columns = 60);

}  // namespace mica::tools
