// Rounding to the powers of two that float8e8m0 holds.
#pragma once

#include <cmath>
#include <cstdint>

namespace mica {

/// How a positive number is rounded to a power of two. Nearest: ties go up.
enum class PowerRounding : uint8_t { Up, Down, Nearest };

/// The float8e8m0 code of the power of two that the magnitude of `value` rounds to; 255 for NaN. Beyond the range
/// 2^-127 ... 2^127, where 0 and infinity are too: the end of the range when `saturate`, else 255.
inline uint8_t encode_power_of_two(float value, PowerRounding rounding, bool saturate) {
  constexpr int kLeast = 0, kGreatest = 254, kNaN = 255;
  if (std::isnan(value)) return kNaN;
  const float magnitude = std::fabs(value);
  if (magnitude < 0x1p-127f) return saturate ? kLeast : kNaN;
  if (magnitude > 0x1p127f) return saturate ? kGreatest : kNaN;
  int exponent = 0;
  const float mantissa = std::frexp(magnitude, &exponent);  // magnitude = mantissa * 2^exponent, mantissa in [0.5, 1)
  const bool up =
      rounding == PowerRounding::Up ? mantissa > 0.5f : rounding == PowerRounding::Nearest && mantissa >= 0.75f;
  return static_cast<uint8_t>(exponent + 126 + (up ? 1 : 0));
}

}  // namespace mica
