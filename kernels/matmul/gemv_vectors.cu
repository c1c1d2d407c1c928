// Products of up to four rows with a matrix that lies in whole vectors of eight elements. All that counts is how fast
// the matrix is read, once: threads have several vectors on their way before they use one.
#include "kernels/cuda/team.cuh"
#include "kernels/matmul/gemm_epilogue.cuh"
#include "kernels/matmul/gemv_cuda.h"

namespace mica::cuda {
namespace {

constexpr int kThreads = 256, kWarps = kThreads / kWarp;
constexpr int kVector = 8;
constexpr int kMostAcross = 8;

struct VectorCall {
  GemmCall product;
  Number rows_number;  // of a
  int across;          // lanes beside each other, of gemv_across_kernel
};

// What the rows are multiplied as: the type of the matrix.
template <class T>
__device__ float rounded(float x) {
  return widen(narrow<T>(x));
}

__device__ inline void add_scaled(Eight& sum, float factor, const Eight& values) {
#pragma unroll
  for (int i = 0; i < kVector; ++i) sum.of[i] += factor * values.of[i];
}

// Columns of the matrix are what lies together: a warp takes two of them at a time.
template <class T, int Rows>
__global__ void __launch_bounds__(kThreads) gemv_along_kernel(const __grid_constant__ VectorCall call) {
  constexpr int kColumns = 2, kAhead = 2;
  const GemmCall& p = call.product;
  const int lane = threadIdx.x % kWarp;
  const int64_t pairs = blocks_for(p.n, kColumns), stride = static_cast<int64_t>(gridDim.x) * kWarps;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / kWarp; i < p.batch.elements * pairs;
       i += stride) {
    const auto start = p.batch.at(i / pairs);
    const int64_t column = i % pairs * kColumns;
    const T* b = static_cast<const T*>(p.b.data) + start.of[1] + column * p.b.column;
    float sums[Rows][kColumns] = {};
    for (int64_t k0 = lane * kVector; k0 < p.k; k0 += kAhead * kVector * kWarp) {
      EightStored<T> stored[kAhead][kColumns];
#pragma unroll
      for (int ahead = 0; ahead < kAhead; ++ahead) {
        const int64_t k = k0 + ahead * kVector * static_cast<int>(kWarp);
#pragma unroll
        for (int c = 0; c < kColumns; ++c) {
          if (k < p.k && column + c < p.n) stored[ahead][c] = load_eight(b + c * p.b.column + k);
        }
      }
#pragma unroll
      for (int ahead = 0; ahead < kAhead; ++ahead) {
        const int64_t k = k0 + ahead * kVector * static_cast<int>(kWarp);
        if (k >= p.k) break;
#pragma unroll
        for (int row = 0; row < Rows; ++row) {
          if (row >= p.m) break;
          const Eight x =
              read_eight(p.a.data, call.rows_number, start.of[0] + row * p.a.row + k * p.a.column, p.a.column, kVector);
#pragma unroll
          for (int c = 0; c < kColumns; ++c) {
            const Eight y = widen(stored[ahead][c]);
#pragma unroll
            for (int j = 0; j < kVector; ++j) sums[row][c] += rounded<T>(x.of[j]) * y.of[j];
          }
        }
      }
    }
#pragma unroll
    for (int row = 0; row < Rows; ++row) {
#pragma unroll
      for (int c = 0; c < kColumns; ++c) {
        const float sum = warp_merge(sums[row][c], Plus<float>());
        if (lane == 0 && row < p.m && column + c < p.n) {
          store_products(p, offset_by(p.c, p.number, start.of[2]), row, column + c, 1, {{sum}});
        }
      }
    }
  }
}

// Rows of the matrix are what lies together: a few lanes have vectors beside each other, the others of the block, and
// then `kAhead` vectors of each thread, lie along k.
template <class T, int Rows>
__global__ void __launch_bounds__(kThreads) gemv_across_kernel(const __grid_constant__ VectorCall call) {
  constexpr int kAhead = Rows == 1 ? 16 / sizeof(T) : 8 / sizeof(T);
  __shared__ Eight partial[kWarps][Rows][kMostAcross];
  const GemmCall& p = call.product;
  const int across = call.across, place = threadIdx.x % across, depth = kThreads / across;
  const int warp = threadIdx.x / kWarp, lane = threadIdx.x % kWarp;
  const int64_t groups = blocks_for(p.n, kVector * across);
  for (int64_t i = blockIdx.x; i < p.batch.elements * groups; i += gridDim.x) {
    const auto start = p.batch.at(i / groups);
    const int64_t column = (i % groups * across + place) * kVector;
    const T* b = static_cast<const T*>(p.b.data) + start.of[1] + column;
    Eight sums[Rows] = {};
    for (int64_t k0 = threadIdx.x / across; column < p.n && k0 < p.k; k0 += kAhead * depth) {
      EightStored<T> stored[kAhead];
#pragma unroll
      for (int ahead = 0; ahead < kAhead; ++ahead) {
        const int64_t k = k0 + ahead * depth;
        if (k < p.k) stored[ahead] = load_eight(b + k * p.b.row);
      }
#pragma unroll
      for (int ahead = 0; ahead < kAhead; ++ahead) {
        const int64_t k = k0 + ahead * depth;
        if (k >= p.k) break;
        const Eight y = widen(stored[ahead]);
#pragma unroll
        for (int row = 0; row < Rows; ++row) {
          if (row >= p.m) break;
          const float x = load_float(p.a.data, call.rows_number, start.of[0] + row * p.a.row + k * p.a.column);
          add_scaled(sums[row], rounded<T>(x), y);
        }
      }
    }
#pragma unroll
    for (int row = 0; row < Rows; ++row) {
      for (int lanes = kWarp / 2; lanes >= across; lanes /= 2) {
        add_scaled(sums[row], 1, shuffle_xor(sums[row], lanes));
      }
      if (lane < across) partial[warp][row][lane] = sums[row];
    }
    __syncthreads();
    const int row = threadIdx.x / across;
    if (row < Rows && row < p.m && column < p.n) {
      Eight sum = partial[0][row][place];
      for (int other = 1; other < kWarps; ++other) add_scaled(sum, 1, partial[other][row][place]);
      store_products(p, offset_by(p.c, p.number, start.of[2]), row, column, kVector, sum);
    }
    __syncthreads();
  }
}

template <class T>
void launch_rows(const VectorCall& call, bool along, void* stream) {
  const GemmCall& p = call.product;
  const int64_t blocks =
      p.batch.elements * (along ? blocks_for(p.n, 2 * kWarps) : blocks_for(p.n, kVector * call.across));
  const Grid grid{static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks), 1, 1, kThreads};
  if (p.m == 1) {
    launch(along ? gemv_along_kernel<T, 1> : gemv_across_kernel<T, 1>, grid, stream, call);
  } else {
    launch(along ? gemv_along_kernel<T, 4> : gemv_across_kernel<T, 4>, grid, stream, call);
  }
}

}  // namespace

bool launch_gemv_of_vectors(const GemmCall& call, Number matrix, void* stream) {
  if (!is_gemv_of_vectors(call)) return false;
  const bool along = lies_in_eights(call.b, call.batch, call.b.row, call.b.column, call.k);
  VectorCall vectors{call, call.number, gemv_lanes_across(call.n)};
  if (matrix == Number::F32) {
    launch_rows<float>(vectors, along, stream);
  } else if (matrix == Number::F16) {
    launch_rows<__half>(vectors, along, stream);
  } else if (matrix == Number::BF16) {
    launch_rows<__nv_bfloat16>(vectors, along, stream);
  } else {
    return false;
  }
  return true;
}

}  // namespace mica::cuda
