// Moving elements without looking at them: one C++ type per storage width, and bytes for packed sub-byte elements.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "kernels/operands.h"

namespace mica {

using Bytes16 = std::array<uint64_t, 2>;

/// Calls `f.template operator()<T>()` with the type that stores one element of `dtype`. Elements narrower than a byte
/// are handled as one uint8_t each: see `load`, `stage` and `store`.
template <class F>
void visit_storage(DType dtype, F&& f) {
  if (dtype == DType::String) return f.template operator()<std::string>();
  switch (bit_width(dtype)) {
    case 128:
      return f.template operator()<Bytes16>();
    case 64:
      return f.template operator()<uint64_t>();
    case 32:
      return f.template operator()<uint32_t>();
    case 16:
      return f.template operator()<uint16_t>();
    default:
      return f.template operator()<uint8_t>();
  }
}

/// Elements `first` to `first + count` of packed ones, each into the low bits of one byte, and back. `first` begins a
/// byte of the packed ones, and the unused bits of their last byte become 0.
void unpack_elements(const Tensor& packed, int64_t first, int64_t count, uint8_t* elements);
void pack_elements(const uint8_t* elements, int64_t first, int64_t count, Tensor& packed);

/// All of them.
inline void unpack_elements(const Tensor& packed, uint8_t* elements) {
  unpack_elements(packed, 0, packed.elements(), elements);
}
inline void pack_elements(const uint8_t* elements, Tensor& packed) {
  pack_elements(elements, 0, packed.elements(), packed);
}

/// The elements of an input, as `visit_storage` handles them: the tensor's own, or scratch for sub-byte ones.
const void* load(const Operands& io, const Tensor& tensor);
template <class T>
const T* load(const Operands& io, const Tensor& tensor) {
  return static_cast<const T*>(load(io, tensor));
}

/// Where to write the elements of an output; `store` then puts them into the tensor where that is another place.
void* stage(const Operands& io, Tensor& tensor);
template <class T>
T* stage(const Operands& io, Tensor& tensor) {
  return static_cast<T*>(stage(io, tensor));
}
void store(const void* staged, Tensor& tensor);

}  // namespace mica
