// Elements that do not lie at a multiple of their size: in a file, weights begin wherever what is before them ends.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "runtime/base/tensor.h"

namespace mica {

/// What the addresses of aligned elements are multiples of.
size_t element_alignment(DType dtype);

/// Whether the elements may be read as what they are. Only large constants of floats may lie otherwise, in a graph that
/// was read from a file; vector loops that load them do not mind.
bool is_aligned(const Tensor& tensor);

/// The tensor, or a copy that is aligned.
Tensor aligned(const Tensor& tensor);

/// An element, wherever it lies. Not of strings.
template <class T>
T element_at(const Tensor& tensor, int64_t index) {
  static_assert(std::is_trivially_copyable_v<T>);
  T element;
  std::memcpy(static_cast<void*>(&element), tensor.data<char>() + index * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return element;
}

}  // namespace mica
