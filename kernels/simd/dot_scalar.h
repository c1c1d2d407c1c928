// One product at a time, in portable C++.
#pragma once

#include <stdint.h>

namespace mica::isa_scalar {

inline constexpr int kDot = 1;
using RowElement = uint8_t;

MICA_INLINE Ints load_row(const RowElement* p) {
  return splat_ints(*p);
}
MICA_INLINE Ints load_columns(const int8_t* p) {
  return splat_ints(*p);
}
MICA_INLINE Ints dot(Ints sum, Ints row, Ints columns) {
  return {sum.v + row.v * columns.v};
}

}  // namespace mica::isa_scalar
