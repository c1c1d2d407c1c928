// Cases of one test, of graphs that may use any operator of the build.
#pragma once

#include <optional>
#include <random>

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
  /// One that a plan for `precision` computes with a kernel of that name.
  void add_for(Precision precision, const std::string& kernel, const std::string& name, const std::string& inputs,
               const std::string& body, double tolerance) {
    add(name, inputs, body, tolerance);
    cases_.back().precision = precision;
    cases_.back().kernel = kernel;
  }
  const std::vector<DeviceCase>& all() const { return cases_; }

  /// The statement that makes a constant of `count` random numbers: all bytes, or floats below 1 that 8 bits hold.
  static std::string constant(const std::string& name, const std::string& type, int count) {
    std::mt19937 random(static_cast<uint32_t>(count));
    const int low = type.starts_with("int8") ? -128 : type.starts_with("uint8") ? 0 : -127;
    const bool bytes = low != -127;
    std::string text = name + ": " + type + " = [";
    for (int i = 0; i < count; ++i) {
      const int number = low + static_cast<int>(random() % 255);
      text += (i > 0 ? "," : "") + (bytes ? std::to_string(number) : std::to_string(number / 128.0));
    }
    return text + "]  ";
  }

 private:
  double tolerance_;
  std::vector<DeviceCase> cases_;
};

}  // namespace mica
