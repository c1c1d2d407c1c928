// What the Reduce* operators compute of a set of elements.
#pragma once

#include <stdint.h>

namespace mica {

enum class ReduceFunction : uint8_t { Sum, Mean, SumSquare, L1, L2, LogSum, LogSumExp, Prod, Max, Min };

}  // namespace mica
