// Loops that move whole elements, which they do not look at: a set of loops per storage, as `visit_storage` has it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/base/dtype.h"

namespace mica {

/// Counts and places are in elements.
struct ElementMoves {
  int64_t size;  ///< bytes from one element to the next; of strings, of the objects
  /// to[i] = from[i]; nothing when they are the same memory.
  void (*copy)(const void* from, int64_t n, void* to);
  /// to[i] = *value
  void (*fill)(const void* value, int64_t n, void* to);
  /// To zeros, empty strings or false.
  void (*clear)(int64_t n, void* to);
  /// to[r * width + i] = from[places[r] + i]
  void (*gather)(const void* from, const int64_t* places, int64_t rows, int64_t width, void* to);
  /// to[places[r] + i] = from[r * width + i], in this order
  void (*scatter)(const void* from, const int64_t* places, int64_t rows, int64_t width, void* to);
  /// to[places[r]] = *value
  void (*spread)(const void* value, const int64_t* places, int64_t rows, void* to);

  const std::byte* at(const void* elements, int64_t place) const {
    return static_cast<const std::byte*>(elements) + place * size;
  }
  std::byte* at(void* elements, int64_t place) const { return static_cast<std::byte*>(elements) + place * size; }
};

const ElementMoves& moves_of(DType dtype);

}  // namespace mica
