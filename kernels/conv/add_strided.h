// Adding rows to elements that are not neighbours.
#pragma once

#include <cstdint>

namespace mica {

/// y[i * step] += x[i] for i < count.
void add_strided(const float* x, int64_t count, int64_t step, float* y);

}  // namespace mica
