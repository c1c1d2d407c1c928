// Vectors of numbers that are stored as 8-bit integers, for the files that are compiled once per instruction set.
#pragma once

#include "kernels/simd/vec.h"

namespace mica::MICA_ISA {

// How elements of a quantised type are moved, and what they hold.
struct U8 {
  using Type = uint8_t;
  static constexpr int kLow = 0, kHigh = 255;
  template <class... Rest>
  static MICA_INLINE Vec load(const uint8_t* p, Rest... n) {
    return load_u8(p, n...);
  }
  template <class... Rest>
  static MICA_INLINE void store(uint8_t* p, Vec v, Rest... n) {
    store_u8(p, v, n...);
  }
};
struct S8 {
  using Type = int8_t;
  static constexpr int kLow = -128, kHigh = 127;
  template <class... Rest>
  static MICA_INLINE Vec load(const int8_t* p, Rest... n) {
    return load_s8(p, n...);
  }
  template <class... Rest>
  static MICA_INLINE void store(int8_t* p, Vec v, Rest... n) {
    store_s8(p, v, n...);
  }
};

/// saturate(round(v) + zero): clamped to what is left of the range before it is rounded. NaN becomes the lower end.
struct Saturation {
  Vec low, high, zero;

  MICA_INLINE Saturation(bool is_signed, int32_t zero_point)
      : low(splat(static_cast<float>((is_signed ? S8::kLow : U8::kLow) - zero_point))),
        high(splat(static_cast<float>((is_signed ? S8::kHigh : U8::kHigh) - zero_point))),
        zero(splat(static_cast<float>(zero_point))) {}
  MICA_INLINE Vec operator()(Vec v) const { return round(min(max(v, low), high)) + zero; }
};

/// Stores the first n <= kLanes elements, which are in the range of the type.
MICA_INLINE void store_some(uint8_t* p, Vec v, int n, bool is_signed) {
  if (is_signed) {
    n == kLanes ? store_s8(reinterpret_cast<int8_t*>(p), v) : store_s8(reinterpret_cast<int8_t*>(p), v, n);
  } else {
    n == kLanes ? store_u8(p, v) : store_u8(p, v, n);
  }
}

}  // namespace mica::MICA_ISA
