// Elementary functions of a Vec, for *.simd.cpp files. Errors in units in the last place (ulp) are the largest that
// tests/unit/unary_test.cpp finds, rounded up.
//
// Coefficients: minimax fits over the range stated, each rounded to float before those of higher order were refitted.
#pragma once

#include "kernels/simd/vec.h"

namespace mica::MICA_ISA {

/// x = n ln 2 + r with integral n and |r| <= ln(2) / 2, for |x| < 150. Cody and Waite, "Software Manual for the
/// Elementary Functions", 1980: the upper part of ln 2 has few enough bits for n times it to be exact.
struct Reduced {
  Vec n, r;
};
inline constexpr float kLn2Upper = 0.693145751953125f;
inline constexpr float kLn2Lower = 1.42860682e-6f;

MICA_INLINE Reduced reduce_exp(Vec x) {
  const Vec n = round(x * splat(1.44269504f));
  return {n, fnma(n, splat(kLn2Lower), fnma(n, splat(kLn2Upper), x))};
}

/// e^r - 1 for |r| <= ln(2) / 2, as r + r^2 q(r): relative error of the fit 1.4e-8.
MICA_INLINE Vec expm1_core(Vec r) {
  constexpr float q[] = {4.9999997e-01f, 1.6666546e-01f, 4.1667443e-02f, 8.366253e-03f, 1.3869958e-03f};
  return fma(r * r, polynomial(r, q), r);
}

/// e^x, 1 ulp; subnormal results and overflow to infinity included.
MICA_INLINE Vec exp(Vec x) {
  const Reduced t = reduce_exp(clamp(x, -104.0f, 89.0f));
  return scale2(splat(1.0f) + expm1_core(t.r), t.n);
}

/// e^x - 1, 2 ulp, for x <= 30.
MICA_INLINE Vec expm1(Vec x) {
  const Reduced t = reduce_exp(max(splat(-20.0f), x));
  const Vec power = scale2(splat(1.0f), t.n);
  return fma(power, expm1_core(t.r), power - splat(1.0f));
}

/// Natural logarithm, 1 ulp; -infinity at zeros, NaN below.
MICA_INLINE Vec log(Vec x) {
  // log(1 + f) = f - f^2 / 2 + f^3 p(f), f in [-1/4, 1/2]: relative error of the fit 4.9e-9.
  constexpr float p[] = {3.333345e-01f,  -2.5000107e-01f, 1.9990827e-01f, -1.6646883e-01f,
                         1.4477953e-01f, -1.3164723e-01f, 1.0473038e-01f, -4.5150924e-02f};
  const Vec infinity = splat(__builtin_inff());
  const Vec e = exponent(x);
  const Vec f = mantissa(x) - splat(1.0f);
  const Vec square = f * f;
  const Vec tail = fma(square * f, polynomial(f, p), fnma(square, splat(0.5f), e * splat(kLn2Lower)));
  const Vec y = fma(e, splat(kLn2Upper), f + tail);
  const Vec special = select(x == zero(), -infinity, select(x < zero(), splat(__builtin_nanf("")), x));
  return select((zero() < x) & (x < infinity), y, special);
}

/// log(1 + x) for x in [0, 1], 2 ulp.
MICA_INLINE Vec log1p_unit(Vec x) {
  const Vec u = splat(1.0f) + x;
  return log(u) + (x - (u - splat(1.0f))) / u;  // and what the sum lost
}

/// 2 ulp. From  tanh(a) = (e^2a - 1) / (e^2a + 1).
MICA_INLINE Vec tanh(Vec x) {
  const Vec a = min(splat(10.0f), abs(x));
  const Vec e = expm1(a + a);
  return copysign(e / (e + splat(2.0f)), x);
}

/// 1 / (1 + e^-x), 2 ulp.
MICA_INLINE Vec sigmoid(Vec x) {
  const Vec z = exp(-abs(x));
  return select(x < zero(), z, splat(1.0f)) / (splat(1.0f) + z);
}

/// 1 ulp.
MICA_INLINE Vec erf(Vec x) {
  // erf(x) = x + x p(x^2) for |x| <= 0.9: relative error of the fit 1.4e-8.
  constexpr float p[] = {1.2837915e-01f,  -3.7612507e-01f, 1.1281978e-01f,
                         -2.6773399e-02f, 5.004346e-03f,   -6.053446e-04f};
  // log(1 - erf(a)) for a in [0.9, 4]: relative error of erf 1.7e-9. From 4 on erf is 1.
  constexpr float q[] = {-1.6644408e-04f, -1.1277972e+00f, -6.369761e-01f, -1.0411357e-01f,
                         2.2315105e-02f,  -3.065443e-03f,  1.98212e-04f};
  const Vec a = abs(x);
  const Vec small = fma(x, polynomial(x * x, p), x);
  const Vec large = splat(1.0f) - exp(polynomial(min(splat(4.0f), a), q));
  return select(a < splat(0.9f), small, copysign(large, x));
}

/// x (1 + erf(x / sqrt 2)) / 2. With c(a) = 1 - erf(a / sqrt 2), a = |x|, it is  x c(a) / 2  for negative x and
/// x (2 - c(a)) / 2  for others, without cancellation. 8 ulp where x >= -6; below that, where it is less than 6e-9 in
/// magnitude, 0.
MICA_INLINE Vec gelu(Vec x) {
  // log(c(a)) = a p(a) for a in [0, 6]: relative error of c 6.6e-8.
  constexpr float p[] = {-7.978859e-01f, -3.1829736e-01f, -3.637547e-02f, 4.8421393e-03f,
                         -9.28197e-06f,  -1.9790544e-04f, 5.7827845e-05f, -9.45663e-06f,
                         9.564787e-07f,  -5.5868558e-08f, 1.4449075e-09f};
  const Vec a = abs(x);
  const Vec c = select(a <= splat(6.0f), exp(a * polynomial(a, p)), zero());
  return splat(0.5f) * x * select(x < zero(), c, splat(2.0f) - c);
}

/// x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3): the same as  x (1 + tanh u) / 2. The error grows with |u| where
/// x is negative: 4 ulp for |x| < 1, 200 where the result is about to vanish.
MICA_INLINE Vec gelu_tanh(Vec x) {
  const Vec u = x * fma(x * x, splat(0.0713548163f), splat(1.59576912f));
  return x * sigmoid(u);
}

}  // namespace mica::MICA_ISA
