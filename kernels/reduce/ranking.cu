// Ranking: again and again the best of those that come behind the one found before, by a team of threads for each row,
// or where one is wanted of each column, by a thread.
#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/team.cuh"
#include "kernels/reduce/ranking_cuda.h"

namespace mica::cuda {
namespace {

template <class W>
struct IndexOf {
  using Type = int64_t;
};
template <>
struct IndexOf<float> {
  using Type = int32_t;  // so that there is no padding between words that are shuffled
};

template <class W>
struct Ranked {
  using Index = typename IndexOf<W>::Type;
  W value;
  Index index;  ///< -1: nothing
};

template <class W>
struct Better {
  const RankingCall& call;

  __device__ bool before(const Ranked<W>& a, const Ranked<W>& b) const {
    const bool nan_a = a.value != a.value, nan_b = b.value != b.value;
    if (nan_a != nan_b) return nan_a == call.nan_first;
    if (nan_a || a.value == b.value) return call.last ? a.index > b.index : a.index < b.index;
    return call.largest ? a.value > b.value : a.value < b.value;
  }
  __device__ void operator()(Ranked<W>& best, const Ranked<W>& other) const {
    if (other.index >= 0 && (best.index < 0 || before(other, best))) best = other;
  }
};

__device__ int64_t row_start(const RankingCall& call, int64_t row, int64_t width) {
  return row / call.inner * call.inner * width + row % call.inner;
}

template <class T>
__device__ void store(const RankingCall& call, int64_t to, const Ranked<typename Elements<T>::W>& best) {
  call.indices[to] = best.index;
  if (call.values != nullptr) Elements<T>::store(call.values, call.number, to, best.value);
}

template <class T, bool whole_block>
__global__ void __launch_bounds__(kMostTeamThreads) row_ranking_kernel(const __grid_constant__ RankingCall call) {
  using W = typename Elements<T>::W;
  using Rows = Team<whole_block>;
  using Index = typename Ranked<W>::Index;
  const Better<W> better{call};
  const Ranked<W> none{W(0), -1};
  for (int64_t row = Rows::first_row(); row < call.rows; row += Rows::row_stride()) {
    const int64_t from = row_start(call, row, call.width), to = row_start(call, row, call.k);
    Ranked<W> found = none;
    for (int64_t rank = 0; rank < call.k; ++rank) {
      Ranked<W> best = none;
      for (int64_t i = Rows::lane(); i < call.width; i += Rows::lanes()) {
        const Ranked<W> own{Elements<T>::load(call.x, call.number, from + i * call.inner), static_cast<Index>(i)};
        if (found.index < 0 || better.before(found, own)) better(best, own);
      }
      found = Rows::all(best, none, better);
      if (Rows::lane() == 0) store<T>(call, to + rank * call.inner, found);
    }
  }
}

template <class T>
__global__ void column_ranking_kernel(const __grid_constant__ RankingCall call) {
  using W = typename Elements<T>::W;
  using Index = typename Ranked<W>::Index;
  const Better<W> better{call};
  for (int64_t column = first_element(); column < call.rows; column += element_stride()) {
    const int64_t from = row_start(call, column, call.width);
    Ranked<W> best{W(0), -1};
    for (int64_t i = 0; i < call.width; ++i) {
      better(best, {Elements<T>::load(call.x, call.number, from + i * call.inner), static_cast<Index>(i)});
    }
    store<T>(call, row_start(call, column, 1), best);
  }
}

}  // namespace

void launch_ranking(const RankingCall& call, void* stream) {
  if (call.rows == 0 || call.k == 0) return;
  visit_elements(call.number, [&]<class T>() {
    if (call.inner > 1 && call.k == 1) return launch(column_ranking_kernel<T>, over_elements(call.rows), stream, call);
    const auto [grid, whole_block] = over_rows(call.rows, call.width);
    launch(whole_block ? row_ranking_kernel<T, true> : row_ranking_kernel<T, false>, grid, stream, call);
  });
}

}  // namespace mica::cuda
