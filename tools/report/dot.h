// A drawing as Graphviz text.
#pragma once

#include <string>

#include "tools/report/drawing.h"

namespace mica::tools {

std::string to_dot(const Drawing& drawing);

}  // namespace mica::tools
