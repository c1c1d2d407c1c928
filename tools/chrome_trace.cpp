#include "tools/chrome_trace.h"

#include "runtime/base/new_file.h"

namespace mica::tools {

void ChromeTrace::add(const std::string& name, const std::string& category, double start, double duration,
                      Json arguments) {
  events_.push_back({{"name", name},
                     {"cat", category},
                     {"ph", "X"},
                     {"ts", start * 1e6},
                     {"dur", duration * 1e6},
                     {"pid", 1},
                     {"tid", 1},
                     {"args", std::move(arguments)}});
}

void ChromeTrace::save(const std::string& path, const std::string& process) const {
  Json events = events_;
  events.push_back({{"name", "process_name"}, {"ph", "M"}, {"pid", 1}, {"args", {{"name", process}}}});
  const Json document = {{"displayTimeUnit", "ns"}, {"traceEvents", std::move(events)}};
  NewFile file(path);
  file.stream() << document.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
  file.finish();
}

}  // namespace mica::tools
