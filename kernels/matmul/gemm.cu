// Products of matrices on the plain arithmetic units, a block to each tile of the result.
#include "kernels/cuda/element.cuh"
#include "kernels/matmul/gemm_cuda.h"
#include "kernels/matmul/gemm_epilogue.cuh"
#include "kernels/matmul/gemv_cuda.h"
#include "kernels/matmul/simt_tile.cuh"

namespace mica::cuda {
namespace {

template <class T, int Side, int Own>
__global__ void __launch_bounds__((Side / Own) * (Side / Own)) gemm_kernel(const __grid_constant__ GemmCall call) {
  using W = Wide<T>;
  using Tile = SimtTile<W, Side, Own>;
  const int across = threadIdx.x % Tile::kAcross, down = threadIdx.x / Tile::kAcross;
  const TilePlace tile = tile_place(blockIdx.x, blocks_for(call.m, Side), blocks_for(call.n, Side));
  const int64_t row0 = tile.row * Side, column0 = tile.column * Side;

  for (int64_t matrix = blockIdx.y; matrix < call.batch.elements; matrix += gridDim.y) {
    const auto start = call.batch.at(matrix);
    const T* a = static_cast<const T*>(call.a.data) + start.of[0];
    const T* b = static_cast<const T*>(call.b.data) + start.of[1];
    T* c = static_cast<T*>(call.c) + start.of[2];
    W sums[Own][Own] = {};
    Tile::multiply(
        call.k, down, across, call.a.column == 1, call.b.column != 1,
        [&](int, typename Tile::Point at, int64_t k0) {
          const int64_t row = row0 + at.line, k = k0 + at.depth;
          return row < call.m && k < call.k ? widen(a[row * call.a.row + k * call.a.column]) : W(0);
        },
        [&](int, typename Tile::Point at, int64_t k0) {
          const int64_t column = column0 + at.line, k = k0 + at.depth;
          return column < call.n && k < call.k ? widen(b[k * call.b.row + column * call.b.column]) : W(0);
        },
        sums);
    Tile::for_each(sums, down, across, [&](int i, int j, W sum) {
      if (row0 + i < call.m && column0 + j < call.n) store_product(call, c, row0 + i, column0 + j, sum);
    });
  }
}

template <class T, int Side, int Own>
void launch_tiles(const GemmCall& call, void* stream) {
  const int64_t tiles = blocks_for(call.m, Side) * blocks_for(call.n, Side);
  const int64_t matrices = call.batch.elements < kMostBlocksYZ ? call.batch.elements : kMostBlocksYZ;
  const Grid grid{static_cast<unsigned>(tiles), static_cast<unsigned>(matrices), 1,
                  SimtTile<Wide<T>, Side, Own>::kThreads};
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
