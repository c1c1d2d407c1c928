// The type in which kernels compute with elements of type T.
#pragma once

#include <type_traits>

#include "runtime/base/half.h"

namespace mica {

/// double for double, float for float and the narrower floating point types.
template <class T>
using Wide = std::conditional_t<std::is_same_v<T, double>, double, float>;

}  // namespace mica
