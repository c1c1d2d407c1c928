// Reductions: a team of threads for each output where what it reduces lies together, else one thread, so that
// neighbours read neighbours.
#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/team.cuh"
#include "kernels/reduce/reduce_cuda.h"

namespace mica::cuda {
namespace {

// What is reduced so far. `highest` and `sum` are those of exponentials for LogSumExp; else `sum` alone counts.
template <class W>
struct Start {
  __device__ static Exponentials<W> of(ReduceFunction function) {
    const W infinity = static_cast<W>(INFINITY);
    switch (function) {
      case ReduceFunction::Prod:
        return {W(0), W(1)};
      case ReduceFunction::Max:
        return {W(0), -infinity};
      case ReduceFunction::Min:
        return {W(0), infinity};
      default:
        return {-infinity, W(0)};
    }
  }
};
template <>
struct Start<int64_t> {
  __device__ static Exponentials<int64_t> of(ReduceFunction function) {
    switch (function) {
      case ReduceFunction::Prod:
        return {0, 1};
      case ReduceFunction::Max:
        return {0, INT64_MIN};
      case ReduceFunction::Min:
        return {0, INT64_MAX};
      default:
        return {0, 0};
    }
  }
};

template <class W>
struct Merge {
  ReduceFunction function;

  __device__ void operator()(Exponentials<W>& a, const Exponentials<W>& b) const {
    switch (function) {
      case ReduceFunction::LogSumExp:
        if constexpr (W(0.5) != 0) MergeExponentials<W>()(a, b);  // of integers there is none
        break;
      case ReduceFunction::Prod:
        a.sum *= b.sum;
        break;
      case ReduceFunction::Max:
        if (b.sum > a.sum || b.sum != b.sum) a.sum = b.sum;
        break;
      case ReduceFunction::Min:
        if (b.sum < a.sum || b.sum != b.sum) a.sum = b.sum;
        break;
      default:
        a.sum += b.sum;
    }
  }
};

template <class W>
__device__ Exponentials<W> state_of(ReduceFunction function, W x) {
  switch (function) {
    case ReduceFunction::SumSquare:
    case ReduceFunction::L2:
      return {x, x * x};
    case ReduceFunction::L1:
      return {x, x < 0 ? -x : x};
    case ReduceFunction::LogSumExp:
      return {x, W(1)};
    default:
      return {x, x};
  }
}

template <class W>
__device__ W finish(ReduceFunction function, const Exponentials<W>& state, int64_t count) {
  switch (function) {
    case ReduceFunction::Mean:
      return state.sum / W(count);
    case ReduceFunction::L2:
      return sqrt(state.sum);
    case ReduceFunction::LogSum:
      return log(state.sum);
    case ReduceFunction::LogSumExp:
      return state.highest + log(state.sum);
    default:
      return state.sum;
  }
}
__device__ inline int64_t finish(ReduceFunction, const Exponentials<int64_t>& state, int64_t) {
  return state.sum;
}

template <class T, bool whole_block>
__global__ void __launch_bounds__(kMostTeamThreads) row_reduce_kernel(ReduceCall call) {
  using W = typename Elements<T>::W;
  using Rows = Team<whole_block>;
  const Merge<W> merge{call.function};
  for (int64_t row = Rows::first_row(); row < call.kept.elements; row += Rows::row_stride()) {
    const int64_t start = call.kept.at(row).of[0];
    Exponentials<W> state = Start<W>::of(call.function);
    for (int64_t i = Rows::lane(); i < call.reduced.elements; i += Rows::lanes()) {
      merge(state, state_of(call.function, Elements<T>::load(call.x, call.number, start + call.reduced.at(i).of[0])));
    }
    state = Rows::all(state, Start<W>::of(call.function), merge);
    if (Rows::lane() == 0)
      Elements<T>::store(call.y, call.number, row, finish(call.function, state, call.reduced.elements));
  }
}

template <class T>
__global__ void column_reduce_kernel(ReduceCall call) {
  using W = typename Elements<T>::W;
  const Merge<W> merge{call.function};
  for (int64_t column = first_element(); column < call.kept.elements; column += element_stride()) {
    const int64_t start = call.kept.at(column).of[0];
    Exponentials<W> state = Start<W>::of(call.function);
    for (int64_t i = 0; i < call.reduced.elements; ++i) {
      merge(state, state_of(call.function, Elements<T>::load(call.x, call.number, start + call.reduced.at(i).of[0])));
    }
    Elements<T>::store(call.y, call.number, column, finish(call.function, state, call.reduced.elements));
  }
}

template <class T>
void launch_typed(const ReduceCall& call, void* stream) {
  if (!call.inner_reduced) return launch(column_reduce_kernel<T>, over_elements(call.kept.elements), stream, call);
  const auto [grid, whole_block] = over_rows(call.kept.elements, call.reduced.elements);
  launch(whole_block ? row_reduce_kernel<T, true> : row_reduce_kernel<T, false>, grid, stream, call);
}

}  // namespace

void launch_reduce(const ReduceCall& call, void* stream) {
  if (call.kept.elements == 0) return;
  visit_elements(call.number, [&]<class T>() { launch_typed<T>(call, stream); });
}

}  // namespace mica::cuda
