#include "kernels/attention/weigh_simd.h"
#include "kernels/simd/fold.h"
#include "kernels/simd/math.h"

namespace mica::MICA_ISA {
namespace {

[[gnu::noinline]] void clear(float* x, int64_t n) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(x + i, zero());
  if (const int rest = static_cast<int>(n - i); rest > 0) store(x + i, zero(), rest);
}

[[gnu::noinline]] float exp_of(float x) {
  float y;
  store(&y, exp(splat(x)), 1);
  return y;
}

// Lanes [first, last) of v, and -infinity in the others.
MICA_INLINE Vec only(Vec v, int64_t first, int64_t last) {
  alignas(64) static constexpr float lanes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  static_assert(kLanes <= 16);
  const Vec lane = load(lanes);
  return select((splat(static_cast<float>(first)) <= lane) & (lane < splat(static_cast<float>(last))), v,
                splat(-__builtin_inff()));
}

// Vectors that some of the rows of a group see, and between these the ones that all rows see whole.
struct Seen {
  int64_t first, first_whole, last_whole, last;
};

// A vector of each of R rows, from key j on, with -infinity where a row does not see it.
template <int R>
MICA_INLINE void load_seen(const Seen& seen, const float* x, int64_t stride, const WeighedRow<float>* rows, int64_t j,
                           Vec (&v)[R]) {
#pragma GCC unroll kUnrolled
  for (int r = 0; r < R; ++r) v[r] = load(x + r * stride + j);
  if (__builtin_expect(j >= seen.first_whole && j < seen.last_whole, 1)) return;
#pragma GCC unroll kUnrolled
  for (int r = 0; r < R; ++r) v[r] = only(v[r], rows[r].first - j, rows[r].last - j);
}

// What a row becomes by a step that finds a largest score.
MICA_INLINE void raise(WeighedRow<float>& row, float highest) {
  row.rescale = 1;
  if (highest <= row.highest) return;  // not so where a NaN is
  row.rescale = row.highest == -__builtin_inff() ? 0 : exp_of(row.highest - highest);
  row.highest = highest;
}

// R rows at once, so that one need not wait for what follows from the vectors of another.
template <int R>
MICA_INLINE void weigh_group(float* x, int64_t stride, int64_t count, WeighedRow<float>* rows) {
  Seen seen{rows[0].first, rows[0].first, rows[0].last, rows[0].last};
#pragma GCC unroll kUnrolled
  for (int r = 1; r < R; ++r) {
    seen.first = rows[r].first < seen.first ? rows[r].first : seen.first;
    seen.last = rows[r].last > seen.last ? rows[r].last : seen.last;
    seen.first_whole = rows[r].first > seen.first_whole ? rows[r].first : seen.first_whole;
    seen.last_whole = rows[r].last < seen.last_whole ? rows[r].last : seen.last_whole;
  }
  seen.first = seen.first / kLanes * kLanes;
  seen.first_whole = (seen.first_whole + kLanes - 1) / kLanes * kLanes;
  seen.last_whole = seen.last_whole / kLanes * kLanes;
  seen.last = (seen.last + kLanes - 1) / kLanes * kLanes;

  Vec best[R];
#pragma GCC unroll kUnrolled
  for (int r = 0; r < R; ++r) best[r] = splat(-__builtin_inff());
  for (int64_t j = seen.first; j < seen.last; j += kLanes) {
    Vec v[R];
    load_seen(seen, x, stride, rows, j, v);
#pragma GCC unroll kUnrolled
    for (int r = 0; r < R; ++r) best[r] = max(v[r], best[r]);
  }
  float highs[R];
#pragma GCC unroll kUnrolled
  for (int r = 0; r < R; ++r) highs[r] = highest(best[r]);
#pragma GCC unroll 1
  for (int r = 0; r < R; ++r) raise(rows[r], highs[r]);
  Vec shift[R];
  float total[R];
#pragma GCC unroll kUnrolled
  for (int r = 0; r < R; ++r) {
    shift[r] = splat(rows[r].highest == -__builtin_inff() ? 0 : rows[r].highest);
    total[r] = rows[r].sum * rows[r].rescale;
  }
  for (int64_t from = seen.first; from < seen.last; from += kSumBlock) {
    Vec sums[R];
#pragma GCC unroll kUnrolled
    for (int r = 0; r < R; ++r) sums[r] = zero();
    const int64_t to = seen.last - from < kSumBlock ? seen.last : from + kSumBlock;
    for (int64_t j = from; j < to; j += kLanes) {
      Vec v[R];
      load_seen(seen, x, stride, rows, j, v);
#pragma GCC unroll kUnrolled
      for (int r = 0; r < R; ++r) {
        v[r] = exp_within(max(splat(-104.0f), v[r] - shift[r]));
        store(x + r * stride + j, v[r]);
        sums[r] = sums[r] + v[r];
      }
    }
#pragma GCC unroll kUnrolled
    for (int r = 0; r < R; ++r) total[r] += sum(sums[r]);
  }
#pragma GCC unroll kUnrolled
  for (int r = 0; r < R; ++r) {
    rows[r].sum = total[r];
    if (seen.first > 0) clear(x + r * stride, seen.first);
    if (seen.last < count) clear(x + r * stride + seen.last, count - seen.last);
  }
}

void weigh(float* x, int64_t stride, int64_t count, WeighedRow<float>* rows, int64_t n) {
  int64_t i = 0;
  if constexpr (kLanes > 1) {
    for (; i + 4 <= n; i += 4) weigh_group<4>(x + i * stride, stride, count, rows + i);
    for (; i + 2 <= n; i += 2) weigh_group<2>(x + i * stride, stride, count, rows + i);
  }
  for (; i < n; ++i) weigh_group<1>(x + i * stride, stride, count, rows + i);
}

void softcap(float* x, int64_t n, float cap) {
  const Vec factor = splat(cap);
  map_long<F32, F32>(x, x, n, [=](Vec v, int64_t, int) { return factor * tanh(v / factor); });
}

void hide(const uint8_t* shown, float* x, int64_t n) {
  const Vec nothing = splat(-__builtin_inff());
  map<F32, F32>(x, x, n,
                [=](Vec v, int64_t i, auto... rest) { return select(load_bools(shown + i, rest...), v, nothing); });
}

void scale(const float* x, float* y, int64_t n, float factor) {
  const Vec factors = splat(factor);
  map<F32, F32>(x, y, n, [=](Vec v, int64_t, auto...) { return factors * v; });
}

}  // namespace

MICA_SIMD_TABLE(WeighKernels, weigh_kernels) = {
    .weigh = weigh,
    .softcap = softcap,
    .hide = hide,
    .scale = scale,
};

}  // namespace mica::MICA_ISA
