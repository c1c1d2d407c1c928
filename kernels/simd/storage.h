// Tables of vector loops with a row per storage type: which row serves the tensors of an element type, and how their
// elements are passed. For callers; not for the *.simd.cpp files.
#pragma once

#include <cstdint>
#include <type_traits>

#include "runtime/base/half.h"

namespace mica {

/// What a loop takes for elements of type T: the bits, where T is narrower than float.
template <class T>
using Stored = std::conditional_t<std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>, uint16_t, T>;

template <class T>
const Stored<T>* stored(const T* elements) {
  return reinterpret_cast<const Stored<T>*>(elements);
}
template <class T>
Stored<T>* stored(T* elements) {
  return reinterpret_cast<Stored<T>*>(elements);
}

/// The member of a table {f32, f16, bf16} for elements of type T.
template <class T, class Table>
const auto& loops_of(const Table& table) {
  if constexpr (std::is_same_v<T, float>) {
    return table.f32;
  } else if constexpr (std::is_same_v<T, Half>) {
    return table.f16;
  } else {
    static_assert(std::is_same_v<T, BFloat16>);
    return table.bf16;
  }
}

}  // namespace mica
