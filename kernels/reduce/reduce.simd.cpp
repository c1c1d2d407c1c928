#include "kernels/reduce/reduce_simd.h"
#include "kernels/simd/fold.h"

namespace mica::MICA_ISA {
namespace {

// A function: its value of nothing, a state and an element, two states, and a state with the states of the lanes.
// `kBlocks`: whether long columns are added up in blocks.
struct Sum {
  static constexpr float kStart = 0;
  static constexpr bool kBlocks = true;
  static MICA_INLINE Vec add(Vec state, Vec x) { return state + x; }
  static MICA_INLINE Vec merge(Vec a, Vec b) { return a + b; }
  static MICA_INLINE double join(double state, Vec lanes) { return state + static_cast<double>(sum(lanes)); }
};
struct SumSquare : Sum {
  static MICA_INLINE Vec add(Vec state, Vec x) { return fma(x, x, state); }
};
struct SumAbs : Sum {
  static MICA_INLINE Vec add(Vec state, Vec x) { return state + abs(x); }
};
struct Product {
  static constexpr float kStart = 1;
  static constexpr bool kBlocks = false;
  static MICA_INLINE Vec add(Vec state, Vec x) { return state * x; }
  static MICA_INLINE Vec merge(Vec a, Vec b) { return a * b; }
  static MICA_INLINE double join(double state, Vec lanes) {
    float parts[kLanes];
    store(parts, lanes);
    for (int l = 0; l < kLanes; ++l) state *= static_cast<double>(parts[l]);
    return state;
  }
};
// A state that is NaN stays one: max and min give their second operand then.
struct Maximum {
  static constexpr float kStart = -__builtin_inff();
  static constexpr bool kBlocks = false;
  static MICA_INLINE Vec add(Vec state, Vec x) { return select(is_nan(x), x, max(x, state)); }
  static MICA_INLINE Vec merge(Vec a, Vec b) { return add(a, b); }
  static MICA_INLINE double join(double state, Vec lanes) {
    if (any(is_nan(lanes))) return __builtin_nan("");
    const double other = static_cast<double>(highest(lanes));
    return other > state ? other : state;
  }
};
struct Minimum {
  static constexpr float kStart = __builtin_inff();
  static constexpr bool kBlocks = false;
  static MICA_INLINE Vec add(Vec state, Vec x) { return select(is_nan(x), x, min(x, state)); }
  static MICA_INLINE Vec merge(Vec a, Vec b) { return add(a, b); }
  static MICA_INLINE double join(double state, Vec lanes) {
    if (any(is_nan(lanes))) return __builtin_nan("");
    const double other = static_cast<double>(lowest(lanes));
    return other < state ? other : state;
  }
};

template <class F, class S>
double row(const typename S::Type* x, int64_t n, double state) {
  constexpr int kChains = 4;
  constexpr int64_t kStep = kChains * kLanes;
  const Vec start = splat(F::kStart);
  int64_t i = 0;
  while (n - i >= kStep) {
    const int64_t end = i + (n - i < kSumBlock ? n - i : kSumBlock) / kStep * kStep;
    Vec s[kChains] = {start, start, start, start};
    for (; i < end; i += kStep) {
#pragma GCC unroll kUnrolled
      for (int c = 0; c < kChains; ++c) s[c] = F::add(s[c], S::load(x + i + c * kLanes));
    }
    state = F::join(state, F::merge(F::merge(s[0], s[1]), F::merge(s[2], s[3])));
  }
  if (i == n) return state;
  Vec s = start;
  for (; i + kLanes <= n; i += kLanes) s = F::add(s, S::load(x + i));
  if (const int rest = static_cast<int>(n - i); rest > 0) s = keep(F::add(s, S::load(x + i, rest)), s, rest);
  return F::join(state, s);
}

constexpr int64_t kColumnBlock = 128;

/// kWidth vectors of columns, or the first `count` lanes of one.
template <class F, class S, int kWidth, class... Count>
MICA_INLINE void reduce_columns(const typename S::Type* x, int64_t n, int64_t stride, float* states, Count... count) {
  Vec total[kWidth];
#pragma GCC unroll kUnrolled
  for (int k = 0; k < kWidth; ++k) total[k] = load(states + k * kLanes, count...);
  for (int64_t first = 0; first < n; first += kColumnBlock) {
    const int64_t end = first + kColumnBlock < n ? first + kColumnBlock : n;
    Vec s[kWidth];
#pragma GCC unroll kUnrolled
    for (int k = 0; k < kWidth; ++k) s[k] = F::kBlocks ? zero() : total[k];
    for (int64_t i = first; i < end; ++i) {
#pragma GCC unroll kUnrolled
      for (int k = 0; k < kWidth; ++k) s[k] = F::add(s[k], S::load(x + i * stride + k * kLanes, count...));
    }
#pragma GCC unroll kUnrolled
    for (int k = 0; k < kWidth; ++k) total[k] = F::kBlocks ? F::merge(total[k], s[k]) : s[k];
  }
#pragma GCC unroll kUnrolled
  for (int k = 0; k < kWidth; ++k) store(states + k * kLanes, total[k], count...);
}

template <class F, class S>
void columns(const typename S::Type* x, int64_t n, int64_t stride, float* states, int64_t count) {
  for_each_columns(count, [=]<int kWidth>(int64_t j, auto... lanes) {
    reduce_columns<F, S, kWidth>(x + j, n, stride, states + j, lanes...);
  });
}

template <class F, class S>
inline constexpr ReduceLoop<typename S::Type> kLoop = {static_cast<double>(F::kStart), row<F, S>, columns<F, S>};

template <class S>
inline constexpr ReduceLoops<typename S::Type> kLoops = {kLoop<Sum, S>,     kLoop<SumSquare, S>, kLoop<SumAbs, S>,
                                                         kLoop<Product, S>, kLoop<Maximum, S>,   kLoop<Minimum, S>};

}  // namespace

MICA_SIMD_TABLE(ReduceKernels, reduce_kernels) = {
    .f32 = kLoops<F32>,
    .f16 = kLoops<F16>,
    .bf16 = kLoops<BF16>,
};

}  // namespace mica::MICA_ISA
