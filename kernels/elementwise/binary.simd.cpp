#include "kernels/elementwise/binary_simd.h"
#include "kernels/simd/fold.h"
#include "kernels/simd/math.h"

namespace mica::MICA_ISA {
namespace {

// How an operand is read: element by element, or its first one again and again.
struct Walking {
  const float* p;
  explicit MICA_INLINE Walking(const void* from) : p(static_cast<const float*>(from)) {}
  MICA_INLINE Vec at(int64_t i) const { return load(p + i); }
  MICA_INLINE Vec at(int64_t i, int n) const { return load(p + i, n); }
};
struct Repeated {
  Vec v;
  explicit MICA_INLINE Repeated(const void* from) : v(splat(*static_cast<const float*>(from))) {}
  MICA_INLINE Vec at(int64_t) const { return v; }
  MICA_INLINE Vec at(int64_t, int) const { return v; }
};

MICA_INLINE void put(float* y, Vec v) {
  store(y, v);
}
MICA_INLINE void put(float* y, Vec v, int n) {
  store(y, v, n);
}
MICA_INLINE void put(uint8_t* y, Mask m) {
  store_bools(y, m);
}
MICA_INLINE void put(uint8_t* y, Mask m, int n) {
  store_bools(y, m, n);
}

template <class Result>
struct Storage;
template <>
struct Storage<Vec> {
  using Type = float;
};
template <>
struct Storage<Mask> {
  using Type = uint8_t;
};

template <class Result, Result (*function)(Vec, Vec), class A, class B>
void loop(const void* a, const void* b, void* y, int64_t n) {
  if (n <= 0) return;
  const A x(a);
  const B z(b);
  auto* to = static_cast<typename Storage<Result>::Type*>(y);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) put(to + i, function(x.at(i), z.at(i)));
  if (const int rest = static_cast<int>(n - i); rest > 0) put(to + i, function(x.at(i, rest), z.at(i, rest)), rest);
}

template <Vec (*function)(Vec, Vec)>
constexpr BinaryLoops kMap = {loop<Vec, function, Walking, Walking>, loop<Vec, function, Repeated, Walking>,
                              loop<Vec, function, Walking, Repeated>};
template <Mask (*function)(Vec, Vec)>
constexpr BinaryLoops kTest = {loop<Mask, function, Walking, Walking>, loop<Mask, function, Repeated, Walking>,
                               loop<Mask, function, Walking, Repeated>};

/// As `loop` of any operands, for functions that are long: operands that are repeated are read from a vector of them.
template <Vec (*function)(Vec, Vec)>
[[gnu::noinline]] void long_loop(const float* a, int64_t a_step, const float* b, int64_t b_step, float* y, int64_t n) {
  for (int64_t i = 0; i < n; i += kLanes, a += a_step, b += b_step) {
    const int count = lanes_from(i, n);
    F32::store(y + i, function(F32::load(a, count), F32::load(b, count)), count);
  }
}
template <Vec (*function)(Vec, Vec), bool kRepeatedA, bool kRepeatedB>
void long_loop(const void* a, const void* b, void* y, int64_t n) {
  if (n <= 0) return;
  float vector[kLanes];
  const auto* x = static_cast<const float*>(a);
  const auto* z = static_cast<const float*>(b);
  if (kRepeatedA || kRepeatedB) store(vector, splat(kRepeatedA ? *x : *z));
  long_loop<function>(kRepeatedA ? vector : x, kRepeatedA ? 0 : kLanes, kRepeatedB ? vector : z,
                      kRepeatedB ? 0 : kLanes, static_cast<float*>(y), n);
}
template <Vec (*function)(Vec, Vec)>
constexpr BinaryLoops kLongMap = {long_loop<function, false, false>, long_loop<function, true, false>,
                                  long_loop<function, false, true>};

template <class A, class B>
void select_loop(const uint8_t* c, const void* a, const void* b, void* y, int64_t n) {
  if (n <= 0) return;
  const A x(a);
  const B z(b);
  auto* to = static_cast<float*>(y);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(to + i, select(load_bools(c + i), x.at(i), z.at(i)));
  if (const int rest = static_cast<int>(n - i); rest > 0) {
    store(to + i, select(load_bools(c + i, rest), x.at(i, rest), z.at(i, rest)), rest);
  }
}

MICA_INLINE Vec add(Vec a, Vec b) {
  return a + b;
}
MICA_INLINE Vec sub(Vec a, Vec b) {
  return a - b;
}
MICA_INLINE Vec mul(Vec a, Vec b) {
  return a * b;
}
MICA_INLINE Vec div(Vec a, Vec b) {
  return a / b;
}
MICA_INLINE Vec maximum(Vec a, Vec b) {
  return select(is_nan(a), a, max(a, b));
}
MICA_INLINE Vec minimum(Vec a, Vec b) {
  return select(is_nan(a), a, min(a, b));
}
MICA_INLINE Vec prelu(Vec a, Vec b) {
  return select(a < zero(), a * b, a);
}
MICA_INLINE Mask equal(Vec a, Vec b) {
  return a == b;
}
MICA_INLINE Mask less(Vec a, Vec b) {
  return a < b;
}
MICA_INLINE Mask less_equal(Vec a, Vec b) {
  return a <= b;
}
MICA_INLINE Mask greater(Vec a, Vec b) {
  return b < a;
}
MICA_INLINE Mask greater_equal(Vec a, Vec b) {
  return b <= a;
}

}  // namespace

MICA_SIMD_TABLE(BinaryKernels, binary_kernels) = {
    .add = kMap<add>,
    .sub = kMap<sub>,
    .mul = kMap<mul>,
    .div = kMap<div>,
    .max = kMap<maximum>,
    .min = kMap<minimum>,
    .pow = kLongMap<pow>,
    .prelu = kMap<prelu>,
    .equal = kTest<equal>,
    .less = kTest<less>,
    .less_equal = kTest<less_equal>,
    .greater = kTest<greater>,
    .greater_equal = kTest<greater_equal>,
    .select32 = {select_loop<Walking, Walking>, select_loop<Repeated, Walking>, select_loop<Walking, Repeated>,
                 select_loop<Repeated, Repeated>},
};

}  // namespace mica::MICA_ISA
