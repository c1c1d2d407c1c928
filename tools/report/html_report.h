// What `mica optimize` did, as a page of its own: no scripts, nothing loaded from elsewhere.
#pragma once

#include <string>

#include "tools/optimize_report.h"
#include "tools/report/drawing.h"

namespace mica::tools {

/// The graph before, where what was removed differs, and after, where what is new does.
struct ReportDrawings {
  Drawing before, after;
};

std::string to_html(const OptimizeReport& report, const ReportDrawings& drawings);

}  // namespace mica::tools
