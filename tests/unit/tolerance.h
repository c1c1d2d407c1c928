// How far a vector loop may be from the same computed in double, and why that far. In one place, so that it can be
// judged.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace mica::tolerance {

/// Distance of `value` from `exact` in units of the last place of a float at `exact`. 0 when both are NaN, or the same
/// infinity once `exact` is rounded; infinite when only one of them is finite.
inline double ulps(float value, double exact) {
  const float rounded = static_cast<float>(exact);
  if (std::isnan(value) || std::isnan(rounded)) {
    return std::isnan(value) == std::isnan(rounded) ? 0 : std::numeric_limits<double>::infinity();
  }
  if (std::isinf(value) || std::isinf(rounded)) {
    return value == rounded ? 0 : std::numeric_limits<double>::infinity();
  }
  const int exponent = rounded == 0 ? -149 : std::max(std::ilogb(rounded) - 23, -149);
  return std::ldexp(std::abs(value - exact), -exponent);
}

// Errors of elementary functions, in ulp. Half of one is the rounding of the result; without fused multiply-add (the
// scalar loops) each product is rounded as well.
inline constexpr double kExact = 0.5001;    // one rounding: sqrt, reciprocal
inline constexpr double kTwoRoundings = 2;  // rsqrt, leaky products; a carry past a power of two doubles the first
inline constexpr double kExp = 1.2;         // rounding of the sum 1 + p, and of the reduced argument
inline constexpr double kLog = 1.2;         // the same
inline constexpr double kErf = 1.2;         // the same
inline constexpr double kPow = 2;           // an exp of an argument as large as 104, of a relative error of 2^-33
inline constexpr double kRational = 4;      // an exp, an addition and a division: tanh, sigmoid, silu, softplus, mish
inline constexpr double kCircular = 2;      // rounding of the reduced argument, and of the last sum
inline constexpr double kLibrary = 2;       // the C library's functions
// The argument of the exp is a polynomial as large as 20: its rounding, relative, is an absolute error of the exp's.
inline constexpr double kGelu = 10;
inline constexpr double kGeluTail = 6.1e-9;  // absolute: x < -6 gives 0
// The argument of the sigmoid, of a relative error of 1.5 ulp, is up to 104.
inline constexpr double kGeluTanh = 200;
// Absolute: a factor that is subnormal, times one up to 104.
inline constexpr double kSubnormalFactor = 104 * 0x1p-149;

// Sums of n terms in float, relative to the sum of their magnitudes: a few running sums per lane, then a tree.
inline double sum(int64_t n) {
  return 1.2e-7 * (2 + 0.5 * std::sqrt(static_cast<double>(n)));
}

// Products in tf32, relative to the sum of the terms' magnitudes: each operand is rounded to 10 bits behind the point,
// so by up to 2^-11 of it, or by a library that cuts bits off by up to 2^-10; and the sum in float.
inline constexpr double kTf32 = 2 * 0x1p-10 + 1e-6;

// A normalised row, absolute, for elements about 0 with a deviation of 1: roundings of the sum with a skip, of the
// difference from the mean and of the product, each up to 1.2e-7 for a value of 2 to 4; elements of size m deviate m
// times as far.
inline constexpr double kNormRow = 6e-7;

}  // namespace mica::tolerance
