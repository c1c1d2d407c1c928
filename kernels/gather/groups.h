// Equal slices of a tensor, as Unique groups them.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/base/function_ref.h"

namespace mica {

struct Groups {
  std::vector<int64_t> first, place, count;  ///< first appearance and size of each group; group of each slice
};

/// Groups slices, given in their order. The groups come in this order if `sorted`, else in that of their first
/// appearance.
Groups group(const std::vector<int64_t>& order, bool sorted, FunctionRef<bool(int64_t a, int64_t b)> equal);

/// The order of two slices by the keys of their elements (kernels/reduce/order_keys.h).
int compare_keys(const uint64_t* a, const uint64_t* b, int64_t n);

}  // namespace mica
