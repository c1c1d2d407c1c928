// Orders of lists.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/base/function_ref.h"

namespace mica {

/// The numbers 0 to n - 1 in the order of what they stand for; those of equals stay in theirs.
std::vector<int64_t> stable_order(int64_t n, FunctionRef<bool(int64_t a, int64_t b)> comes_before);

}  // namespace mica
