#include "kernels/reduce/accumulate.h"

#include <algorithm>

#include "kernels/shape/scalar_read.h"

namespace mica {
namespace {

struct Sum {
  static constexpr int kNeutral = 0;
  template <class V>
  static V apply(V a, V b) {
    return a + b;
  }
};

struct Product {
  static constexpr int kNeutral = 1;
  template <class V>
  static V apply(V a, V b) {
    return a * b;
  }
};

// `lines` of `width` elements that are `step` apart; the lines lie side by side.
template <class F, class T>
void accumulate_lines(const T* x, T* y, int64_t lines, int64_t width, int64_t step, bool exclusive) {
  constexpr int64_t kMost = 64;
  T totals[kMost];
  for (; lines > 0; lines -= kMost, x += kMost, y += kMost) {
    const int64_t n = std::min(lines, kMost);
    std::fill_n(totals, n, T(F::kNeutral));
    for (int64_t i = 0; i < width; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        const T next = F::apply(totals[j], scalar_read(x[i * step + j]));
        y[i * step + j] = exclusive ? totals[j] : next;
        totals[j] = next;
      }
    }
  }
}

template <class F, class T>
void accumulate_line(const T* x, T* y, int64_t width, int64_t step, bool exclusive) {
  T total = F::kNeutral;
  for (int64_t i = 0; i < width; ++i) {
    const T next = F::apply(total, x[i * step]);
    y[i * step] = exclusive ? total : next;
    total = next;
  }
}

template <class F, class T>
void accumulate(const Cumulative& op, const void* x, void* y, int64_t outer, int64_t width, int64_t inner) {
  const int64_t first = op.reverse ? (width - 1) * inner : 0, step = op.reverse ? -inner : inner;
  for (int64_t o = 0; o < outer; ++o) {
    const T* from = static_cast<const T*>(x) + o * width * inner + first;
    T* to = static_cast<T*>(y) + o * width * inner + first;
    if (inner == 1) {
      accumulate_line<F>(from, to, width, step, op.exclusive);
    } else {
      accumulate_lines<F>(from, to, inner, width, step, op.exclusive);
    }
  }
}

// Whether integers have a sign makes no difference to sums and products that wrap around.
template <class F>
bool accumulate_typed(const Cumulative& op, DType dtype, const void* x, void* y, int64_t outer, int64_t width,
                      int64_t inner) {
  if (dtype == DType::I32) dtype = DType::U32;
  if (dtype == DType::I64) dtype = DType::U64;
  return visit_dtype<float, double, uint32_t, uint64_t>(
      dtype, [&]<class T>() { accumulate<F, T>(op, x, y, outer, width, inner); });
}

}  // namespace

bool accumulate(Accumulation what, const Cumulative& op, DType dtype, const void* x, void* y, int64_t outer,
                int64_t width, int64_t inner) {
  return what == Accumulation::Sum ? accumulate_typed<Sum>(op, dtype, x, y, outer, width, inner)
                                   : accumulate_typed<Product>(op, dtype, x, y, outer, width, inner);
}

}  // namespace mica
