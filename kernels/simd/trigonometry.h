// Circular and hyperbolic functions of a Vec, for *.simd.cpp files. Angles are in radians. Errors and coefficients are
// stated as in kernels/simd/math.h; a relative error is that of a result that is not next to a zero of the function.
#pragma once

#include "kernels/simd/math.h"

namespace mica::MICA_ISA {

/// f(x) of each lane alone.
[[gnu::noinline]] inline Vec each_lane(Vec x, float (*f)(float)) {
  float lanes[kLanes];
  store(lanes, x);
#pragma GCC unroll 1
  for (int i = 0; i < kLanes; ++i) lanes[i] = f(lanes[i]);
  return load(lanes);
}

/// x = quadrant * pi / 2 + r with integral `quadrant` and |r| < 0.802, and the sine and cosine of r.
struct Angle {
  Vec quadrant, sine, cosine;
};

/// Largest |x| that `reduce_angle` takes.
inline constexpr float kLargestAngle = 0x1p17f;

/// Needs fused multiply-add: pi / 2 is the sum of three floats, and what the product with the first leaves is exact.
MICA_INLINE Angle reduce_angle(Vec x) {
  // sin(r) = r + r^3 p(r^2), cos(r) = 1 - r^2 / 2 + r^4 q(r^2): relative errors of the fits 4.7e-9 and 1.6e-10.
  constexpr float p[] = {-1.66666538e-01f, 8.33209325e-03f, -1.95051456e-04f};
  constexpr float q[] = {4.16666418e-02f, -1.38871302e-03f, 2.44120838e-05f};
  const Vec n = round(x * splat(0.636619747f));
  const Vec r = fnma(n, splat(-1.71512451e-15f), fnma(n, splat(-4.37113883e-08f), fnma(n, splat(1.57079637f), x)));
  const Vec square = r * r;
  const Vec sine = fma(r * square, polynomial(square, p), r);
  const Vec cosine = fma(square * square, polynomial(square, q), fnma(square, splat(0.5f), splat(1.0f)));
  return {n, sine, cosine};
}

/// Whether an integral number is odd.
MICA_INLINE Mask is_odd(Vec n) {
  const Vec half = n * splat(0.5f);
  return !(floor(half) == half);
}

/// sin of an angle and that many quadrants more.
MICA_INLINE Vec sine_of(const Angle& a, float quadrants) {
  const Vec n = a.quadrant + splat(quadrants);
  const Vec y = select(is_odd(n), a.cosine, a.sine);
  return select(is_odd(floor(n * splat(0.5f))), -y, y);
}

/// Lanes that a vector can compute; without fused multiply-add there are none, and the C function is called.
MICA_INLINE bool reducible(Vec x) {
  return kLanes > 1 && !any(!(abs(x) <= splat(kLargestAngle)));
}

/// 2 ulp.
MICA_INLINE Vec sin(Vec x) {
  if (!reducible(x)) return each_lane(x, [](float v) { return __builtin_sinf(v); });
  return select(abs(x) < splat(0x1p-13f), x, sine_of(reduce_angle(x), 0));
}

/// 2 ulp.
MICA_INLINE Vec cos(Vec x) {
  if (!reducible(x)) return each_lane(x, [](float v) { return __builtin_cosf(v); });
  return sine_of(reduce_angle(x), 1);
}

/// 4 ulp.
MICA_INLINE Vec tan(Vec x) {
  if (!reducible(x)) return each_lane(x, [](float v) { return __builtin_tanf(v); });
  const Angle a = reduce_angle(x);
  const Mask odd = is_odd(a.quadrant);
  const Vec y = select(odd, -a.cosine, a.sine) / select(odd, a.sine, a.cosine);
  return select(abs(x) < splat(0x1p-13f), x, y);
}

/// 4 ulp. With t = e^|x| / 2, as the product of two factors that do not overflow before it does, it is t - 1 / (4 t);
/// next to 0, with e = e^|x| - 1, it is (e + e / (e + 1)) / 2.
MICA_INLINE Vec sinh(Vec x) {
  const Vec a = abs(x);
  const Vec root = exp(a * splat(0.5f));
  const Vec t = splat(0.5f) * root * root;
  const Vec e = expm1(min(splat(1.0f), a));
  const Vec small = splat(0.5f) * (e + e / (e + splat(1.0f)));
  const Vec y = select(splat(1.0f) < a, t - splat(0.25f) / t, small);
  return select(a <= splat(__builtin_inff()), copysign(y, x), x);
}

/// 4 ulp.
MICA_INLINE Vec cosh(Vec x) {
  const Vec root = exp(abs(x) * splat(0.5f));
  const Vec t = splat(0.5f) * root * root;
  return t + splat(0.25f) / t;
}

// The others are seldom needed.
MICA_INLINE Vec asin(Vec x) {
  return each_lane(x, [](float v) { return __builtin_asinf(v); });
}
MICA_INLINE Vec acos(Vec x) {
  return each_lane(x, [](float v) { return __builtin_acosf(v); });
}
MICA_INLINE Vec atan(Vec x) {
  return each_lane(x, [](float v) { return __builtin_atanf(v); });
}
MICA_INLINE Vec asinh(Vec x) {
  return each_lane(x, [](float v) { return __builtin_asinhf(v); });
}
MICA_INLINE Vec acosh(Vec x) {
  return each_lane(x, [](float v) { return __builtin_acoshf(v); });
}
MICA_INLINE Vec atanh(Vec x) {
  return each_lane(x, [](float v) { return __builtin_atanhf(v); });
}

}  // namespace mica::MICA_ISA
