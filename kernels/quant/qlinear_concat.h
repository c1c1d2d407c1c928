// The parameters of QLinearConcat.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mica {

struct QLinearConcat {
  int64_t axis = 0;
  /// Inputs are Y_scale, Y_zero_point, and for each tensor itself, its scale, its zero point.
  static constexpr size_t kFirst = 2, kStep = 3;
};

}  // namespace mica
