// Products of matrices on the plain arithmetic units, exact to the rounding of float: a block computes a tile of the
// result, from tiles of the operands that it holds in shared memory, and each thread a part of it in registers. The
// next tiles are on their way from memory while the present ones are multiplied.
#include "kernels/cuda/element.cuh"
#include "kernels/matmul/gemm_cuda.h"
#include "kernels/matmul/gemm_epilogue.cuh"
#include "kernels/matmul/gemv_cuda.h"

namespace mica::cuda {
namespace {

constexpr int kDepth = 16;  // of the tiles, along k

// A side x side tile by threads that each compute a square of `Own` rows and columns, in groups of four neighbours that
// are spread over the tile, so that the threads of a warp read different banks.
template <int Side, int Own>
struct Shape {
  static constexpr int kAcross = Side / Own;
  static constexpr int kThreads = kAcross * kAcross;
  static constexpr int kLoads = Side * kDepth / kThreads;  // of each operand by a thread

  // Row or column number `i` of those that thread `t` of kAcross has.
  __device__ static int place(int t, int i) { return i / 4 * (4 * kAcross) + t * 4 + i % 4; }
};

// Where load `i` of a thread goes in a tile: `line` along m or n, `depth` along k. Neighbouring threads take neighbours
// in memory.
struct TilePoint {
  int line, depth;
};
template <int Side>
__device__ TilePoint load_point(int index, bool depth_is_inner) {
  return depth_is_inner ? TilePoint{index / kDepth, index % kDepth} : TilePoint{index % Side, index / Side};
}

template <class T, int Side, int Own>
__global__ void __launch_bounds__((Side / Own) * (Side / Own)) gemm_kernel(const __grid_constant__ GemmCall call) {
  using W = Wide<T>;
  using S = Shape<Side, Own>;
  __shared__ W tile_a[kDepth][Side + 4], tile_b[kDepth][Side + 4];
  const int across = threadIdx.x % S::kAcross, down = threadIdx.x / S::kAcross;
  const int64_t tiles_down = blocks_for(call.m, Side), tiles_across = blocks_for(call.n, Side);
  const TilePlace tile = tile_place(blockIdx.x, tiles_down, tiles_across);
  const int64_t row0 = tile.row * Side, column0 = tile.column * Side;
  const bool a_inner = call.a.column == 1, b_inner = call.b.column != 1;

  for (int64_t matrix = blockIdx.y; matrix < call.batch.elements; matrix += gridDim.y) {
    const auto start = call.batch.at(matrix);
    const T* a = static_cast<const T*>(call.a.data) + start.of[0];
    const T* b = static_cast<const T*>(call.b.data) + start.of[1];
    T* c = static_cast<T*>(call.c) + start.of[2];
    W sums[Own][Own] = {};
    W next_a[S::kLoads], next_b[S::kLoads];

    const auto fetch = [&](int64_t k0) {
#pragma unroll
      for (int i = 0; i < S::kLoads; ++i) {
        const int index = i * S::kThreads + static_cast<int>(threadIdx.x);
        const TilePoint at_a = load_point<Side>(index, a_inner), at_b = load_point<Side>(index, b_inner);
        const int64_t row = row0 + at_a.line, column = column0 + at_b.line;
        const int64_t ka = k0 + at_a.depth, kb = k0 + at_b.depth;
        next_a[i] = row < call.m && ka < call.k ? widen(a[row * call.a.row + ka * call.a.column]) : W(0);
        next_b[i] = column < call.n && kb < call.k ? widen(b[kb * call.b.row + column * call.b.column]) : W(0);
      }
    };

    fetch(0);
    for (int64_t k0 = 0; k0 < call.k; k0 += kDepth) {
#pragma unroll
      for (int i = 0; i < S::kLoads; ++i) {
        const int index = i * S::kThreads + static_cast<int>(threadIdx.x);
        const TilePoint at_a = load_point<Side>(index, a_inner), at_b = load_point<Side>(index, b_inner);
        tile_a[at_a.depth][at_a.line] = next_a[i];
        tile_b[at_b.depth][at_b.line] = next_b[i];
      }
      __syncthreads();
      if (k0 + kDepth < call.k) fetch(k0 + kDepth);
#pragma unroll
      for (int k = 0; k < kDepth; ++k) {
        W rows[Own], columns[Own];
#pragma unroll
        for (int i = 0; i < Own; ++i) {
          rows[i] = tile_a[k][S::place(down, i)];
          columns[i] = tile_b[k][S::place(across, i)];
        }
#pragma unroll
        for (int i = 0; i < Own; ++i) {
#pragma unroll
          for (int j = 0; j < Own; ++j) sums[i][j] += rows[i] * columns[j];
        }
      }
      __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < Own; ++i) {
      const int64_t row = row0 + S::place(down, i);
#pragma unroll
      for (int j = 0; j < Own; ++j) {
        const int64_t column = column0 + S::place(across, j);
        if (row < call.m && column < call.n) store_product(call, c, row, column, sums[i][j]);
      }
    }
  }
}

template <class T, int Side, int Own>
void launch_tiles(const GemmCall& call, void* stream) {
  const int64_t tiles = blocks_for(call.m, Side) * blocks_for(call.n, Side);
  const int64_t matrices = call.batch.elements < kMostBlocksYZ ? call.batch.elements : kMostBlocksYZ;
  const Grid grid{static_cast<unsigned>(tiles), static_cast<unsigned>(matrices), 1, Shape<Side, Own>::kThreads};
  launch(gemm_kernel<T, Side, Own>, grid, stream, call);
}

}  // namespace

void launch_gemm(const GemmCall& call, void* stream) {
  if (call.m == 0 || call.n == 0 || call.batch.elements == 0) return;
  if (is_gemv(call.m, call.n, call.k)) return launch_gemv(call, stream);
  const GemmTile tile = gemm_tile(call.number, call.m, call.n, call.batch.elements);
  visit_float(call.number, [&]<class T>() {
    if constexpr (sizeof(Wide<T>) == sizeof(T) && sizeof(T) == sizeof(float)) {
      if (tile.rows == 128) return launch_tiles<T, 128, 8>(call, stream);
      if (tile.rows == 32) return launch_tiles<T, 32, 4>(call, stream);
    }
    launch_tiles<T, 64, 4>(call, stream);
  });
}

}  // namespace mica::cuda
