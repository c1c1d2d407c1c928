// What the Reduce* operators compute of a set of elements.
#pragma once

#include <stdint.h>

namespace mica {

enum class ReduceFunction : uint8_t { Sum, Mean, SumSquare, L1, L2, LogSum, LogSumExp, Prod, Max, Min };

/// Whether the result is one of the elements.
constexpr bool is_extreme(ReduceFunction function) {
  return function == ReduceFunction::Max || function == ReduceFunction::Min;
}

}  // namespace mica
