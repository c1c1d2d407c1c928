// What elements are read as, and how a result becomes an element.
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

#include "runtime/base/half.h"

namespace mica::reduction {

/// What elements of type T are read as.
template <class T>
using Value = std::conditional_t<std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>, float, T>;

/// A result as an element; a real one saturates where it becomes an integer, and NaN becomes 0.
template <class T, class V>
T element(V value) {
  if constexpr (std::is_floating_point_v<V> && std::is_integral_v<T>) {
    if (std::isnan(value)) return 0;
    if (value <= static_cast<V>(std::numeric_limits<T>::lowest())) return std::numeric_limits<T>::lowest();
    if (value >= static_cast<V>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
    return static_cast<T>(value);
  } else {
    return static_cast<T>(value);
  }
}

}  // namespace mica::reduction
