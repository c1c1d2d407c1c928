#include "tools/conformance_tolerance.h"

#include <array>

namespace mica::tools {
namespace {

struct Exception {
  std::string_view prefix;
  Tolerance tolerance;
  std::string_view reason;
};

constexpr std::array<Exception, 0> kExceptions{};

}  // namespace

Tolerance standard_tolerance(std::string_view case_name) {
  for (const Exception& exception : kExceptions) {
    if (case_name.starts_with(exception.prefix)) return exception.tolerance;
  }
  return {};
}

}  // namespace mica::tools
