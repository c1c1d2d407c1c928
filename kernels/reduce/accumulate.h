// The loops of CumSum and CumProd.
#pragma once

#include <cstdint>

#include "kernels/reduce/cumulative.h"

namespace mica {

enum class Accumulation : uint8_t { Sum, Product };

/// y = running sums or products along the middle axis of x [outer, width, inner], which y may be, of float, double, or
/// integers of 32 or 64 bits, which wrap around. Gives false for other types.
bool accumulate(Accumulation what, const Cumulative& op, DType dtype, const void* x, void* y, int64_t outer,
                int64_t width, int64_t inner);

}  // namespace mica
