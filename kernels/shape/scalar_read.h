// Reads in loops that are not to become vectors.
#pragma once

#include <type_traits>

namespace mica {

/// x, read on its own. Compilers make vectors of scattered elements, which takes longer than to copy them one by one.
template <class T>
T scalar_read(const T& x) {
  if constexpr (std::is_arithmetic_v<T>) {
    return *const_cast<const volatile T*>(&x);
  } else if constexpr (requires { T{}.bits; }) {
    T result;
    result.bits = scalar_read(x.bits);
    return result;
  } else {
    return x;
  }
}

}  // namespace mica
