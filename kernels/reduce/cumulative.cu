// Running sums and products: of rows of neighbours by warps, 32 elements at a time, else of columns by threads.
#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/team.cuh"
#include "kernels/reduce/cumulative_cuda.h"

namespace mica::cuda {
namespace {

__device__ double combine(bool product, double a, double b) {
  return product ? a * b : a + b;
}
__device__ float combine(bool product, float a, float b) {
  return product ? a * b : a + b;
}
__device__ int64_t combine(bool product, int64_t a, int64_t b) {
  const uint64_t x = static_cast<uint64_t>(a), z = static_cast<uint64_t>(b);
  return static_cast<int64_t>(product ? x * z : x + z);
}

__device__ int64_t place(const CumulativeCall& call, int64_t row, int64_t i) {
  const int64_t first = row / call.inner * call.inner * call.width + row % call.inner;
  return first + (call.reverse ? call.width - 1 - i : i) * call.inner;
}

template <class T>
__global__ void row_cumulative_kernel(const __grid_constant__ CumulativeCall call) {
  using W = typename Elements<T>::W;
  using Rows = Team<false>;
  const W neutral = call.product ? W(1) : W(0);
  const int lane = static_cast<int>(Rows::lane());
  for (int64_t row = Rows::first_row(); row < call.rows; row += Rows::row_stride()) {
    W before = neutral;  // of all elements before these 32
    for (int64_t first = 0; first < call.width; first += kWarp) {
      const bool inside = first + lane < call.width;
      const W own = inside ? Elements<T>::load(call.x, call.number, place(call, row, first + lane)) : neutral;
      // What lies before this lane, and all, of growing groups of lanes.
      W prefix = neutral, total = own;
      for (int lanes = 1; lanes < static_cast<int>(kWarp); lanes *= 2) {
        const W other = shuffle_xor(total, lanes);
        if ((lane & lanes) != 0) prefix = combine(call.product, other, prefix);
        total = (lane & lanes) != 0 ? combine(call.product, other, total) : combine(call.product, total, other);
      }
      prefix = combine(call.product, before, prefix);
      if (!call.exclusive) prefix = combine(call.product, prefix, own);
      if (inside) Elements<T>::store(call.y, call.number, place(call, row, first + lane), prefix);
      before = combine(call.product, before, total);
    }
  }
}

template <class T>
__global__ void column_cumulative_kernel(const __grid_constant__ CumulativeCall call) {
  using W = typename Elements<T>::W;
  for (int64_t column = first_element(); column < call.rows; column += element_stride()) {
    W total = call.product ? W(1) : W(0);
    for (int64_t i = 0; i < call.width; ++i) {
      const int64_t at = place(call, column, i);
      const W next = combine(call.product, total, Elements<T>::load(call.x, call.number, at));
      Elements<T>::store(call.y, call.number, at, call.exclusive ? total : next);
      total = next;
    }
  }
}

}  // namespace

void launch_cumulative(const CumulativeCall& call, void* stream) {
  if (call.rows == 0 || call.width == 0) return;
  visit_elements(call.number, [&]<class T>() {
    if (call.inner > 1) return launch(column_cumulative_kernel<T>, over_elements(call.rows), stream, call);
    launch(row_cumulative_kernel<T>, over_rows(call.rows, kWarp).grid, stream, call);
  });
}

}  // namespace mica::cuda
