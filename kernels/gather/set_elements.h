// Which elements are set: numbers other than zero, true, strings that are not empty.
#pragma once

#include <cstdint>

#include "runtime/base/dtype.h"

namespace mica {

/// Among n elements. Throws what a kernel throws for types that have no zero of which to tell.
int64_t count_set(DType dtype, const void* x, int64_t n);
/// Lists their places in ascending order; gives their number.
int64_t list_set(DType dtype, const void* x, int64_t n, int64_t* places);

}  // namespace mica
