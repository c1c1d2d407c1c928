#include "kernels/activation/unary_simd.h"
#include "kernels/simd/math.h"
#include "kernels/simd/trigonometry.h"
#include "kernels/simd/vec.h"

namespace mica::MICA_ISA {
namespace {

// What is left behind whole vectors becomes a vector of its own, `last`, so that one loop does both.
struct Last {
  float lanes[kLanes];
};
[[gnu::noinline]] void load_last(Last& last, const float* x, int n) {
  store(last.lanes, load(x, n));
}
[[gnu::noinline]] void store_last(const Last& last, float* y, int n) {
  store(y, load(last.lanes), n);
}

template <class Function>
MICA_INLINE void map(const float* x, float* y, int64_t n, Function f) {
  Last last;
  const int rest = static_cast<int>(n % kLanes);
  int64_t whole = n - rest;
  float* const end = y + whole;
  if (rest > 0) load_last(last, x + whole, rest);  // y may be x
  for (int64_t left = whole + (rest > 0 ? kLanes : 0); left > 0; left -= whole) {
    if (left <= kLanes && rest > 0) {
      x = y = last.lanes;
      whole = kLanes;
    }
    int64_t i = 0;
    do {
      store(y + i, f(load(x + i)));
      i += kLanes;
    } while (i < whole);
  }
  if (rest > 0) store_last(last, end, rest);
}

template <Vec (*function)(Vec)>
void loop(const float* x, float* y, int64_t n) {
  map(x, y, n, [](Vec v) { return function(v); });
}

template <Vec (*function)(Vec, Vec, Vec)>
void loop(const float* x, float* y, int64_t n, float alpha, float beta) {
  const Vec a = splat(alpha);
  const Vec b = splat(beta);
  map(x, y, n, [a, b](Vec v) { return function(v, a, b); });
}

MICA_INLINE Vec sign(Vec x) {
  return select(zero() < x, splat(1.0f), select(x < zero(), splat(-1.0f), x));
}
MICA_INLINE Vec negate(Vec x) {
  return -x;
}
MICA_INLINE Vec square(Vec x) {
  return x * x;
}
MICA_INLINE Vec rsqrt(Vec x) {
  return splat(1.0f) / sqrt(x);
}
MICA_INLINE Vec reciprocal(Vec x) {
  return splat(1.0f) / x;
}
MICA_INLINE Vec relu(Vec x) {
  return max(zero(), x);
}
MICA_INLINE Vec silu(Vec x) {
  return x * sigmoid(x);
}
MICA_INLINE Vec softplus(Vec x) {
  return max(zero(), x) + log1p_unit(exp(-abs(x)));
}
MICA_INLINE Vec softsign(Vec x) {
  return x / (splat(1.0f) + abs(x));
}
// tanh(log(1 + e)) = (e^2 + 2 e) / (e^2 + 2 e + 2), and 1 from e^20 on.
MICA_INLINE Vec mish(Vec x) {
  const Vec e = exp(min(splat(20.0f), x));
  const Vec n = e * (e + splat(2.0f));
  return x * (n / (n + splat(2.0f)));
}

MICA_INLINE Vec affine(Vec x, Vec a, Vec b) {
  return x * a + b;
}
MICA_INLINE Vec clip(Vec x, Vec a, Vec b) {
  return min(b, max(a, x));
}
MICA_INLINE Vec leaky_relu(Vec x, Vec a, Vec) {
  return select(x < zero(), a * x, x);
}
MICA_INLINE Vec thresholded_relu(Vec x, Vec a, Vec) {
  return select(x <= a, zero(), x);
}
MICA_INLINE Vec elu(Vec x, Vec a, Vec b) {
  return b * select(x < zero(), a * expm1(min(zero(), x)), x);
}
MICA_INLINE Vec celu(Vec x, Vec a, Vec) {
  return select(x < zero(), a * expm1(min(zero(), x / a)), x);
}
MICA_INLINE Vec hard_sigmoid(Vec x, Vec a, Vec b) {
  return clamp(affine(x, a, b), 0.0f, 1.0f);
}
MICA_INLINE Vec hard_swish(Vec x, Vec a, Vec b) {
  return x * hard_sigmoid(x, a, b);
}
MICA_INLINE Vec swish(Vec x, Vec a, Vec) {
  return x * sigmoid(a * x);
}

}  // namespace

MICA_SIMD_TABLE(UnaryKernels, unary_kernels) = {
    .abs = loop<abs>,
    .neg = loop<negate>,
    .sign = loop<sign>,
    .square = loop<square>,
    .floor = loop<floor>,
    .ceil = loop<ceil>,
    .round = loop<round>,
    .sqrt = loop<sqrt>,
    .rsqrt = loop<rsqrt>,
    .reciprocal = loop<reciprocal>,
    .exp = loop<exp>,
    .log = loop<log>,
    .tanh = loop<tanh>,
    .sigmoid = loop<sigmoid>,
    .erf = loop<erf>,
    .sin = loop<sin>,
    .cos = loop<cos>,
    .tan = loop<tan>,
    .asin = loop<asin>,
    .acos = loop<acos>,
    .atan = loop<atan>,
    .sinh = loop<sinh>,
    .cosh = loop<cosh>,
    .asinh = loop<asinh>,
    .acosh = loop<acosh>,
    .atanh = loop<atanh>,
    .relu = loop<relu>,
    .gelu = loop<gelu>,
    .gelu_tanh = loop<gelu_tanh>,
    .silu = loop<silu>,
    .softplus = loop<softplus>,
    .softsign = loop<softsign>,
    .mish = loop<mish>,
    .affine = loop<affine>,
    .clip = loop<clip>,
    .leaky_relu = loop<leaky_relu>,
    .thresholded_relu = loop<thresholded_relu>,
    .elu = loop<elu>,
    .celu = loop<celu>,
    .hard_sigmoid = loop<hard_sigmoid>,
    .hard_swish = loop<hard_swish>,
    .swish = loop<swish>,
};

}  // namespace mica::MICA_ISA
