// One number converted to another type, by the rules of Cast. Free of undefined behaviour for every value.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace mica {

/// Truncates towards zero. NaN, and what the signed integer type T does not hold, gives its least number.
template <class T, class Float>
T truncate_float(Float value) {
  constexpr Float kEnd = static_cast<Float>(uint64_t{1} << (8 * sizeof(T) - 1));
  return value >= -kEnd && value < kEnd ? static_cast<T>(value) : std::numeric_limits<T>::min();
}

/// Integers keep their lower bits in a narrower integer type, bool is whether a number differs from 0, and floats are
/// truncated, through int32 to the types narrower than that and through int64 to others.
template <class To, class From>
To convert_number(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From{0};
  } else if constexpr (std::is_floating_point_v<To> || std::is_integral_v<From>) {
    return static_cast<To>(value);
  } else if constexpr (std::is_same_v<To, uint64_t>) {
    constexpr From kHalf = static_cast<From>(0x1p63);
    if (value >= kHalf) return static_cast<uint64_t>(truncate_float<int64_t>(value - kHalf)) ^ (uint64_t{1} << 63);
    return static_cast<uint64_t>(truncate_float<int64_t>(value));
  } else {
    using Through = std::conditional_t<(sizeof(To) < 4) || std::is_same_v<To, int32_t>, int32_t, int64_t>;
    return static_cast<To>(truncate_float<Through>(value));
  }
}

/// A float on the way to a narrower type: exact, or of the two floats about the value the one with an odd last bit.
/// Rounding that once more gives what one rounding of the value would. Boldo and Melquiond, "Emulation of FMA and
/// correctly rounded sums: proved algorithms using rounding to odd", 2008.
inline float round_to_odd(double value) {
  const float nearest = static_cast<float>(value);
  const double back = static_cast<double>(nearest);
  const uint32_t bits = std::bit_cast<uint32_t>(nearest);
  if (back == value || std::isnan(value) || (bits & 1u) != 0) return nearest;
  return std::bit_cast<float>(std::fabs(back) < std::fabs(value) ? bits + 1 : bits - 1);
}

inline float round_to_odd(uint64_t value) {
  // Of more than 53 bits the lowest 11 are replaced by one that tells whether any was set.
  if ((value >> 53) != 0) value = (value & ~uint64_t{0x7ff}) | ((value & 0x7ffu) != 0 ? 0x800u : 0u);
  return round_to_odd(static_cast<double>(value));
}

inline float round_to_odd(int64_t value) {
  return value < 0 ? -round_to_odd(uint64_t{0} - static_cast<uint64_t>(value))
                   : round_to_odd(static_cast<uint64_t>(value));
}

inline float round_to_odd(int32_t value) {
  return round_to_odd(static_cast<double>(value));
}

}  // namespace mica
