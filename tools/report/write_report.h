// The files that tell what `mica optimize` did.
#pragma once

#include <string>

#include "tools/optimize_report.h"
#include "tools/report/drawing.h"

namespace mica::tools {

/// Where to; empty: nowhere.
struct ReportFiles {
  std::string report, dot;

  bool want_drawings() const { return report.ends_with(".html") || !dot.empty(); }
};

/// Throws InvalidArgument unless the report is to be .html or .json.
void check_report_files(const ReportFiles& files);

/// Writes the report, as its name says, and the graph after as Graphviz text. A file appears when it is complete.
void write_report_files(const ReportFiles& files, const OptimizeReport& report, Drawing before, Drawing after);

}  // namespace mica::tools
