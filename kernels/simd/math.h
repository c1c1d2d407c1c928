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

/// e^x, 1 ulp, for x in [-104, 89], where subnormal results and overflow to infinity begin; NaN stays NaN.
MICA_INLINE Vec exp_within(Vec x) {
  const Reduced t = reduce_exp(x);
  return scale2(splat(1.0f) + expm1_core(t.r), t.n);
}

/// e^x, 1 ulp; subnormal results and overflow to infinity included.
MICA_INLINE Vec exp(Vec x) {
  return exp_within(clamp(x, -104.0f, 89.0f));
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
  const Vec c = select(a <= splat(6.0f), exp_within(a * polynomial(a, p)), zero());
  return splat(0.5f) * x * select(x < zero(), c, splat(2.0f) - c);
}

/// x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3): the same as  x (1 + tanh u) / 2. The error grows with |u| where
/// x is negative: 4 ulp for |x| < 1, 200 where the result is about to vanish.
MICA_INLINE Vec gelu_tanh(Vec x) {
  const Vec u = x * fma(x * x, splat(0.0713548163f), splat(1.59576912f));
  return x * sigmoid(u);
}

/// A number as the sum of a float and of what that lacks.
struct Double {
  Vec high, low;
};

/// a + b for |a| >= |b|. Dekker, "A floating-point technique for extending the available precision", 1971.
MICA_INLINE Double exact_sum(Vec a, Vec b) {
  const Vec sum = a + b;
  return {sum, b - (sum - a)};
}

MICA_INLINE Double exact_product(Vec a, Vec b) {
  const Vec product = a * b;
  return {product, fma(a, b, -product)};
}

/// Natural logarithm of a finite x > 0, with a relative error of about 2^-33. With s = f / (2 + f) it is
/// log(1 + f) = 2 atanh(s) = 2 s + s^3 p(s^2), s in [-1/7, 1/5]: relative error of the fit 2.6e-11.
MICA_INLINE Double log_double(Vec x) {
  constexpr float q[] = {4.0000933e-01f, 2.8503516e-01f, 2.4151592e-01f};  // p(z) = 0.6666666 + z q(z)
  const Vec p0 = splat(6.666666e-01f);
  const Vec e = exponent(x);
  const Vec f = mantissa(x) - splat(1.0f);
  const Double divisor = exact_sum(splat(2.0f), f);
  const Vec s = f / divisor.high;
  const Vec s_low = fnma(s, divisor.low, fnma(s, divisor.high, f)) / divisor.high;
  const Double square = exact_product(s, s);
  const Vec rest = square.high * polynomial(square.high, q);
  const Double p = exact_sum(p0, rest);
  const Double scaled = exact_product(square.high, p.high);
  const Vec scaled_low = fma(square.low, p.high, fma(square.high, p.low, scaled.low));
  const Double cubic = exact_product(s, scaled.high);
  const Vec cubic_low = fma(s, scaled_low, cubic.low);
  const Double sum = exact_sum(e * splat(kLn2Upper), s + s);
  const Double total = exact_sum(sum.high, cubic.high);
  // The derivative of 2 atanh(s) is about 2 (1 + s^2).
  const Vec linear_low = fma(square.high, s_low + s_low, s_low + s_low);
  const Vec low = fma(e, splat(kLn2Lower), linear_low + cubic_low);
  return exact_sum(total.high, total.low + (sum.low + low));
}

/// x^y with the special values of the C function, 2 ulp where it is normal. Needs fused multiply-add, without which it
/// calls the C function.
MICA_INLINE Vec pow(Vec x, Vec y) {
  if constexpr (kLanes == 1) {
    float base, exponent;
    store(&base, x);
    store(&exponent, y);
    return splat(__builtin_powf(base, exponent));
  }
  const Vec one = splat(1.0f);
  const Vec infinity = splat(__builtin_inff());
  const Vec a = abs(x);
  const Mask finite = (zero() < a) & (a < infinity);
  const Double log_a = log_double(select(finite, a, one));
  const Vec high = select(finite, log_a.high, select(a == zero(), -infinity, a));  // NaN and infinity as they are
  const Vec low = select(finite, log_a.low, zero());
  // The product y log(a), and what it lacks where that is a number that matters.
  const Vec product = y * high;
  const Vec lacking = select(abs(product) <= splat(128.0f), fma(y, low, fma(y, high, -product)), zero());
  const Reduced t = reduce_exp(clamp(product, -104.0f, 89.0f));
  const Vec r = t.r + lacking;
  const Vec magnitude = scale2(one + expm1_core(r), t.n);
  const Vec half = y * splat(0.5f);
  const Mask integral = floor(y) == y;
  const Mask odd = integral & !(floor(half) == half);
  const Vec sign = copysign(one, x);
  const Vec power = select(odd, sign * magnitude, magnitude);
  const Mask undefined = (x < zero()) & finite & !integral;
  const Mask is_one = (y == zero()) | (x == one) | ((a == one) & (abs(y) == infinity));
  return select(is_one, one, select(undefined, splat(__builtin_nanf("")), power));
}

}  // namespace mica::MICA_ISA
