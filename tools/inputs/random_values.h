// Random tensors, the same for the same seed on every machine.
#pragma once

#include <cstdint>
#include <string_view>

#include "graph/type.h"
#include "tools/inputs/valid_values.h"

namespace mica::tools {

/// A tensor of valid values. Where everything is valid: floats are normal (0, 1), 8-bit integers of their whole range,
/// other integers 0 to 9, strings words. `name` and `seed` together choose the numbers.
Tensor random_tensor(DType dtype, const Shape& shape, const ValidValues& valid, std::string_view name, uint64_t seed);

}  // namespace mica::tools
