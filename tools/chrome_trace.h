// Timelines in the trace event format that Chrome and Perfetto read.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tools/print.h"

namespace mica::tools {

/// Source of the format: "Trace Event Format", of the Catapult project. Times in seconds from any origin.
class ChromeTrace {
 public:
  /// A span of time; spans within others must lie inside them.
  void add(const std::string& name, const std::string& category, double start, double duration, Json arguments);
  /// Throws Io.
  void save(const std::string& path, const std::string& process) const;

 private:
  Json events_ = Json::array();
};

}  // namespace mica::tools
