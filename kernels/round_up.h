// Sizes in whole units.
#pragma once

#include <cstdint>

namespace mica {

/// For a >= 0 and b > 0: a / b rounded up, and the least multiple of b that is not below a.
constexpr int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}
constexpr int64_t round_up(int64_t a, int64_t b) {
  return ceil_div(a, b) * b;
}

}  // namespace mica
