// Values that are to be loaded once.
#pragma once

#include "kernels/simd/vec.h"

namespace mica::MICA_ISA {

/// The same vector, in a register. Where several instructions use a loaded vector, GCC may make each of them load it,
/// of which there are fewer in a cycle than of those that compute.
MICA_INLINE Vec in_register(Vec x) {
#if defined(__x86_64__)
  asm("" : "+v"(x.v));
#elif defined(__aarch64__)
  asm("" : "+w"(x.v));
#endif
  return x;
}

}  // namespace mica::MICA_ISA
