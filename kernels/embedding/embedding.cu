// Sums of rows of tables: a team of threads takes a row.
#include "kernels/cuda/element.cuh"
#include "kernels/cuda/team.cuh"
#include "kernels/embedding/embedding_cuda.h"

namespace mica::cuda {
namespace {

// Where the table's row for `row` begins; null where there is none.
template <class T>
__device__ const T* picked_row(const RowPicks& picks, int64_t row, int64_t width, const Fault& fault) {
  if (picks.table == nullptr) return nullptr;
  const int64_t pick = row % picks.picks;
  const int64_t index = picks.indices == nullptr ? pick : load_integer(picks.indices, picks.number, pick);
  const int64_t place = index < 0 && !picks.from_back ? -1 : place_of(index, picks.count);
  if (place < 0) fault.report();
  return place < 0 ? nullptr : static_cast<const T*>(picks.table) + place * width;
}

template <class T, bool whole_block>
__global__ void __launch_bounds__(kMostTeamThreads) row_sum_kernel(const __grid_constant__ RowSumCall call) {
  using Rows = Team<whole_block>;
  for (int64_t row = Rows::first_row(); row < call.rows; row += Rows::row_stride()) {
    const T* x = call.x == nullptr ? nullptr : static_cast<const T*>(call.x) + row * call.width;
    const T* picked[RowSumCall::kMostTables];
#pragma unroll
    for (int t = 0; t < RowSumCall::kMostTables; ++t) {
      picked[t] = picked_row<T>(call.tables[t], row, call.width, call.fault);
    }
    T* y = static_cast<T*>(call.y) + row * call.width;
    for (int64_t i = Rows::lane(); i < call.width; i += Rows::lanes()) {
      Wide<T> sum = x == nullptr ? Wide<T>(0) : widen(x[i]);
#pragma unroll
      for (const T* from : picked) sum += from == nullptr ? Wide<T>(0) : widen(from[i]);
      y[i] = narrow<T>(sum);
    }
  }
}

__global__ void count_ones_kernel(const void* x, void* counts, int64_t rows, int64_t width) {
  using Rows = Team<false>;
  for (int64_t row = Rows::first_row(); row < rows; row += Rows::row_stride()) {
    int count = 0;
    for (int64_t i = Rows::lane(); x != nullptr && i < width; i += Rows::lanes()) {
      count += static_cast<const int32_t*>(x)[row * width + i] == 1;
    }
    count = warp_merge(count, Plus<int>());
    if (Rows::lane() == 0) static_cast<int32_t*>(counts)[row] = count;
  }
}

}  // namespace

void launch_row_sum(const RowSumCall& call, void* stream) {
  if (call.rows * call.width == 0) return;
  const auto [grid, whole_block] = over_rows(call.rows, call.width);
  visit_float(call.number, [&, &grid = grid, whole_block = whole_block]<class T>() {
    launch(whole_block ? row_sum_kernel<T, true> : row_sum_kernel<T, false>, grid, stream, call);
  });
}

void launch_count_ones(const void* x, void* counts, int64_t rows, int64_t width, void* stream) {
  if (rows == 0) return;
  launch(count_ones_kernel, over_rows(rows, 1).grid, stream, x, counts, rows, width);
}

}  // namespace mica::cuda
