// The vector that tiles of products are made of: Vec, except that where Vec is a single float it is four, in the
// compiler's own vectors, which every target maps to what it has.
#pragma once

#include <string.h>

#include "kernels/simd/vec.h"

namespace mica::MICA_ISA {

template <int lanes>
struct TileVectorOf {
  using V = Vec;
  static constexpr int kLanes = lanes;
  static MICA_INLINE V splat(float x) { return MICA_ISA::splat(x); }
  static MICA_INLINE V load(const float* p) { return MICA_ISA::load(p); }
  static MICA_INLINE V load(const float* p, int n) { return MICA_ISA::load(p, n); }
  static MICA_INLINE void store(float* p, V v) { MICA_ISA::store(p, v); }
  static MICA_INLINE void store(float* p, V v, int n) { MICA_ISA::store(p, v, n); }
  static MICA_INLINE V fma(V a, V b, V c) { return MICA_ISA::fma(a, b, c); }
  static MICA_INLINE V multiply_add(V a, V b, V c) { return fma(a, b, c); }  ///< of elements of the operands
  /// NaN stays NaN.
  static MICA_INLINE V clamp(V a, V low, V high) { return min(high, max(low, a)); }
  static MICA_INLINE float sum(V a) { return MICA_ISA::sum(a); }
};

template <>
struct TileVectorOf<1> {
  typedef float V __attribute__((vector_size(16)));
  static constexpr int kLanes = 4;
  static MICA_INLINE V splat(float x) { return V{x, x, x, x}; }
  static MICA_INLINE V load(const float* p) {
    V v;
    memcpy(&v, p, sizeof(v));
    return v;
  }
  [[gnu::noinline]] static V load(const float* p, int n) {
    V v = {};
    memcpy(&v, p, sizeof(float) * static_cast<unsigned>(n));
    return v;
  }
  static MICA_INLINE void store(float* p, V v) { memcpy(p, &v, sizeof(v)); }
  [[gnu::noinline]] static void store(float* p, V v, int n) { memcpy(p, &v, sizeof(float) * static_cast<unsigned>(n)); }
  static MICA_INLINE V fma(V a, V b, V c) { return a * b + c; }
  static MICA_INLINE V multiply_add(V a, V b, V c) { return fma(a, b, c); }
  static MICA_INLINE V clamp(V a, V low, V high) {
    for (int i = 0; i < kLanes; ++i) {
      const float raised = low[i] > a[i] ? low[i] : a[i];
      a[i] = high[i] < raised ? high[i] : raised;
    }
    return a;
  }
  static MICA_INLINE float sum(V a) { return (a[0] + a[2]) + (a[1] + a[3]); }
};

using TileVector = TileVectorOf<kLanes>;

/// Pointers into `Rows` rows, one to every third: the two below it are reached by the scaled index of an x86 address,
/// so that twelve rows need five integer registers.
template <int Rows, class T = float>
struct RowPointers {
  static constexpr int kStep = 3;
  static constexpr int kCount = (Rows + kStep - 1) / kStep;

  const T* at[kCount];
  int64_t row;

  MICA_INLINE RowPointers(const T* first, int64_t stride) : row(stride) {
#pragma GCC unroll 16
    for (int i = 0; i < kCount; ++i) at[i] = first + i * kStep * row;
  }
  MICA_INLINE void advance(int64_t elements = 1) {
#pragma GCC unroll 16
    for (int i = 0; i < kCount; ++i) at[i] += elements;
  }
  MICA_INLINE const T* operator[](int i) const {
    return at[i / kStep] + i % kStep * row;
  }
};

}  // namespace mica::MICA_ISA
