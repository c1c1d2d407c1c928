// Products with few rows: each element of the result is a dot product, by the threads that read neighbours in b.
#include "kernels/cuda/team.cuh"
#include "kernels/matmul/gemm_epilogue.cuh"
#include "kernels/matmul/gemv_cuda.h"

namespace mica::cuda {
namespace {

constexpr int kWarps = 8;  // of a block

// One result of a call is (matrix, row, column), the column running fastest.
struct Element {
  int64_t row, column;
  Walk<3>::Steps start;
};
__device__ Element element_of(const GemmCall& call, int64_t row_of_all, int64_t column) {
  const int64_t matrix = row_of_all / call.m;
  return {row_of_all - matrix * call.m, column, call.batch.at(matrix)};
}

template <class T>
__device__ Wide<T> term(const GemmCall& call, const Element& at, int64_t k) {
  const T* a = static_cast<const T*>(call.a.data) + at.start.of[0] + at.row * call.a.row;
  const T* b = static_cast<const T*>(call.b.data) + at.start.of[1] + at.column * call.b.column;
  return widen(a[k * call.a.column]) * widen(b[k * call.b.row]);
}

// Columns of b are what lies together: a warp for each result.
template <class T>
__global__ void gemv_by_warps_kernel(const __grid_constant__ GemmCall call) {
  using W = Wide<T>;
  const int lane = threadIdx.x % kWarp;
  const int64_t results = call.batch.elements * call.m * call.n;
  const int64_t stride = static_cast<int64_t>(gridDim.x) * kWarps;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / kWarp; i < results; i += stride) {
    const Element at = element_of(call, i / call.n, i % call.n);
    W sum = 0;
    for (int64_t k = lane; k < call.k; k += kWarp) sum += term<T>(call, at, k);
    sum = warp_merge(sum, Plus<W>());
    if (lane == 0) store_product(call, static_cast<T*>(call.c) + at.start.of[2], at.row, at.column, sum);
  }
}

// Rows of b are what lies together: 32 columns to a block, whose warps share k.
template <class T>
__global__ void gemv_by_columns_kernel(const __grid_constant__ GemmCall call) {
  using W = Wide<T>;
  __shared__ W partial[kWarps][kWarp];
  const int lane = threadIdx.x % kWarp, warp = threadIdx.x / kWarp;
  const int64_t groups = blocks_for(call.n, kWarp);
  for (int64_t i = blockIdx.x; i < call.batch.elements * call.m * groups; i += gridDim.x) {
    const Element at = element_of(call, i / groups, i % groups * kWarp + lane);
    W sum = 0;
    if (at.column < call.n) {
#pragma unroll 4
      for (int64_t k = warp; k < call.k; k += kWarps) sum += term<T>(call, at, k);
    }
    partial[warp][lane] = sum;
    __syncthreads();
    if (warp == 0 && at.column < call.n) {
      for (int other = 1; other < kWarps; ++other) sum += partial[other][lane];
      store_product(call, static_cast<T*>(call.c) + at.start.of[2], at.row, at.column, sum);
    }
    __syncthreads();
  }
}

}  // namespace

void launch_gemv(const GemmCall& call, void* stream) {
  if (launch_gemv_of_vectors(call, call.number, stream)) return;
  const bool by_warps = call.b.row == 1 && call.b.column != 1;
  const int64_t rows = call.batch.elements * call.m;
  const int64_t blocks = by_warps ? blocks_for(rows * call.n, kWarps) : rows * blocks_for(call.n, kWarp);
  const Grid grid{static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks), 1, 1, kWarps * kWarp};
  visit_float(call.number, [&]<class T>() {
    launch(by_warps ? gemv_by_warps_kernel<T> : gemv_by_columns_kernel<T>, grid, stream, call);
  });
}

}  // namespace mica::cuda
