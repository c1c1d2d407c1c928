#include "tools/report/write_report.h"

#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/new_file.h"
#include "tools/report/dot.h"
#include "tools/report/html_report.h"

namespace mica::tools {
namespace {

void write_text(const std::string& path, const std::string& text) {
  NewFile file(path);
  file.stream() << text;
  file.finish();
}

}  // namespace

void check_report_files(const ReportFiles& files) {
  const std::string& path = files.report;
  if (path.empty() || path.ends_with(".html") || path.ends_with(".json")) return;
  throw Error(ErrorCode::InvalidArgument, "--report wants a name that ends in .html or .json, not \"" + path + "\"");
}

void write_report_files(const ReportFiles& files, const OptimizeReport& report, Drawing before, Drawing after) {
  mark_changes(before, after, Change::Removed);
  mark_changes(after, before, Change::New);
  if (!files.dot.empty()) write_text(files.dot, to_dot(after));
  if (files.report.ends_with(".json")) {
    write_text(files.report, to_json(report).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  } else if (!files.report.empty()) {
    write_text(files.report, to_html(report, {std::move(before), std::move(after)}));
  }
}

}  // namespace mica::tools
