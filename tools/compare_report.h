// What came of a comparison.
#pragma once

#include <string>
#include <vector>

#include "tools/compare_values.h"
#include "tools/print.h"

namespace mica::tools {

struct ComparedValue {
  std::string in_case;
  std::string name;
  std::string node;  ///< that computes it
  size_t order = 0;  ///< of the node, in an order of execution
  bool is_output = false;
  Difference difference;
};

struct CompareReport {
  std::string a, b;  ///< model, and what it is compared with
  Tolerance tolerance;
  std::vector<ComparedValue> values;

  size_t differing() const;
  /// The differing value that is computed first, in the first case that has one; null when all agree.
  const ComparedValue* first_difference() const;
};

/// A table, and a line that says it all. Many values that agree are only counted.
void print_text(const CompareReport& report);
Json to_json(const CompareReport& report);

}  // namespace mica::tools
