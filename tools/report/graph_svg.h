// A drawing as SVG, to stand inside an HTML page whose style sheet colours it.
#pragma once

#include <string>

#include "tools/report/drawing.h"

namespace mica::tools {

/// Nodes have the classes `kept`, `new` and `removed`, ends of the graph `end`. What leads over many layers is named
/// where it arrives and not drawn.
std::string to_svg(const Drawing& drawing);

/// Text with the signs that HTML gives a meaning written as entities.
std::string html_text(std::string_view text);

}  // namespace mica::tools
