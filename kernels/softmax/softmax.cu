// Softmax in two passes: the largest element and the sum of exponentials together (Milakov and Gimelshein, "Online
// normalizer calculation for softmax"), then the results.
#include "kernels/cuda/element.cuh"
#include "kernels/cuda/team.cuh"
#include "kernels/softmax/softmax_cuda.h"

namespace mica::cuda {
namespace {

template <class T>
__device__ Exponentials<T> none() {
  return {static_cast<T>(-INFINITY), T(0)};
}

template <class W>
__device__ W result(W x, const Exponentials<W>& all, W log_sum, bool log) {
  return log ? x - all.highest - log_sum : exp(x - all.highest) / all.sum;
}

// Rows of adjacent elements, each by a team.
template <class T, bool whole_block>
__global__ void __launch_bounds__(kMostTeamThreads) row_softmax_kernel(SoftmaxCall call) {
  using W = Wide<T>;
  using Rows = Team<whole_block>;
  for (int64_t row = Rows::first_row(); row < call.outer; row += Rows::row_stride()) {
    const T* x = static_cast<const T*>(call.x) + row * call.width;
    T* y = static_cast<T*>(call.y) + row * call.width;
    Exponentials<W> all = none<W>();
    for (int64_t i = Rows::lane(); i < call.width; i += Rows::lanes()) {
      MergeExponentials<W>()(all, {widen(x[i]), W(1)});
    }
    all = Rows::all(all, none<W>(), MergeExponentials<W>());
    const W log_sum = call.log ? log(all.sum) : W(0);
    for (int64_t i = Rows::lane(); i < call.width; i += Rows::lanes()) {
      y[i] = narrow<T>(result(widen(x[i]), all, log_sum, call.log));
    }
  }
}

// Columns, each by one thread; neighbours read neighbours.
template <class T>
__global__ void column_softmax_kernel(SoftmaxCall call) {
  using W = Wide<T>;
  for (int64_t i = first_element(); i < call.outer * call.inner; i += element_stride()) {
    const int64_t start = i / call.inner * call.width * call.inner + i % call.inner;
    const T* x = static_cast<const T*>(call.x) + start;
    T* y = static_cast<T*>(call.y) + start;
    Exponentials<W> all = none<W>();
    for (int64_t j = 0; j < call.width; ++j) MergeExponentials<W>()(all, {widen(x[j * call.inner]), W(1)});
    const W log_sum = call.log ? log(all.sum) : W(0);
    for (int64_t j = 0; j < call.width; ++j) {
      y[j * call.inner] = narrow<T>(result(widen(x[j * call.inner]), all, log_sum, call.log));
    }
  }
}

}  // namespace

void launch_softmax(const SoftmaxCall& call, void* stream) {
  if (call.outer == 0 || call.width == 0 || call.inner == 0) return;
  visit_float(call.number, [&]<class T>() {
    if (call.inner > 1) return launch(column_softmax_kernel<T>, over_elements(call.outer * call.inner), stream, call);
    const auto [grid, whole_block] = over_rows(call.outer, call.width);
    launch(whole_block ? row_softmax_kernel<T, true> : row_softmax_kernel<T, false>, grid, stream, call);
  });
}

}  // namespace mica::cuda
