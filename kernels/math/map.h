// y[i] = f(x[i]) over the elements of tensors.
#pragma once

#include <type_traits>

#include "backends/cpu/thread_pool.h"
#include "kernels/operands.h"
#include "runtime/base/function_ref.h"

namespace mica {

/// Elements below which a loop over cheap functions is not worth another thread.
inline constexpr int64_t kMapGrain = 8192;

/// y = f(x, i) for floats of any type, i the place of the element; y may be x. `loop` computes n floats, and those of
/// narrower types widened to floats, from place `first` on; `wide` computes a double. Both tensors have the same type
/// and as many elements.
using FloatLoop = FunctionRef<void(const float* x, float* y, int64_t first, int64_t n)>;
using DoubleFunction = FunctionRef<double(double x, int64_t place)>;
void map_floats(ThreadPool& threads, const Tensor& x, Tensor& y, FloatLoop loop, DoubleFunction wide);

/// y[i] = f(x[i]) for i < n. The loop ends with its condition, since compiled for size one that begins with it has two
/// jumps an element.
template <class X, class Y, class F>
[[gnu::always_inline]] inline void map_each(const X* x, Y* y, int64_t n, const F& f) {
  int64_t i = 0;
  if (n <= 0) return;
  do {
    y[i] = f(x[i]);
  } while (++i < n);
}

/// y = f(x) for the listed integer types, with T f(T). False, without a call, when x has another type.
template <class... Ts, class F>
bool map_integers(ThreadPool& threads, const Tensor& x, Tensor& y, F f) {
  return visit_dtype<Ts...>(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>();
    T* to = y.mutable_data<T>();
    threads.parallel_for(x.elements(), kMapGrain, [from, to, f](int64_t begin, int64_t end) {
      map_each(from + begin, to + begin, end - begin, f);
    });
  });
}

}  // namespace mica
