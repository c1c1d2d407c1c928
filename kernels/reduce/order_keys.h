// Numbers that order elements: of any type, as unsigned integers.
#pragma once

#include <cstdint>

#include "runtime/base/dtype.h"

namespace mica {

/// keys[i] of element x[i * stride], for i < n: a < b where the elements are, equal where they are. With `descending`
/// the other way round. NaN has the greatest key, or with `nan_last` false the least, either way. Gives false, without
/// keys, for types that have no order and for strings.
bool order_keys(DType dtype, const void* x, int64_t n, int64_t stride, bool descending, bool nan_last, uint64_t* keys);

}  // namespace mica
