// Cases of one test, of graphs that may use any operator of the build.
#pragma once

#include <optional>

#include "tests/cuda/kernels/device_case.h"

namespace mica {

class Cases {
 public:
  /// `tolerance`, relative and absolute, is that of cases which are added without one.
  explicit Cases(double tolerance = 0) : tolerance_(tolerance) {}

  void add(const std::string& name, const std::string& inputs, const std::string& body,
           std::optional<double> tolerance = {}, const std::string& outputs = "y",
           const std::vector<NamedInput>& given = {}) {
    cases_.push_back({name,
                      "graph g(" + inputs + ") -> (" + outputs + ") opset 26, com.microsoft 1, mica 1 { " + body + " }",
                      tolerance.value_or(tolerance_), tolerance.value_or(tolerance_), given});
  }
  const std::vector<DeviceCase>& all() const { return cases_; }

 private:
  double tolerance_;
  std::vector<DeviceCase> cases_;
};

}  // namespace mica
