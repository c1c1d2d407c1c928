// Reading and writing whole vectors, or their first elements: what loops that end in an incomplete vector are
// templates on.
#pragma once

#include "kernels/simd/vec.h"

namespace mica::MICA_ISA {

struct Whole {
  MICA_INLINE Vec load(const float* p) const { return MICA_ISA::load(p); }
  MICA_INLINE void store(float* p, Vec v) const { MICA_ISA::store(p, v); }
};
struct First {
  int n;
  MICA_INLINE Vec load(const float* p) const { return MICA_ISA::load(p, n); }
  MICA_INLINE void store(float* p, Vec v) const { MICA_ISA::store(p, v, n); }
};

}  // namespace mica::MICA_ISA
