// Products of matrices of bytes: exact sums in int32, by tiles.
#include "kernels/matmul/simt_tile.cuh"
#include "kernels/quant/int8_product_cuda.h"
#include "kernels/quant/quant_numbers.cuh"

namespace mica::cuda {
namespace {

struct Matrices {
  Walk<3>::Steps start;
  int64_t a_rows, b_columns;  ///< of the matrices before these
};

__device__ __noinline__ void store(const Int8Call& call, const Matrices& of, int64_t row, int64_t column, int32_t sum) {
  const int64_t to = of.start.of[2] + row * call.n + column;
  if (call.addend != nullptr) {
    const int32_t more = call.addend[row * call.addend_row + column * call.addend_column];
    sum = static_cast<int32_t>(static_cast<uint32_t>(sum) + static_cast<uint32_t>(more));
  }
  if (call.to == Number::I32) {
    static_cast<int32_t*>(call.c)[to] = sum;
    return;
  }
  const float a_scale = scale_at(call.a.scale, of.a_rows + row),
              b_scale = scale_at(call.b.scale, of.b_columns + column);
  const bool to_bytes = call.to == Number::I8 || call.to == Number::U8;
  const float divisor = to_bytes ? scale_at(call.c_by.scale, 0) / call.alpha : 1 / call.alpha;
  const bool by_rows = call.a.scale.count != 1;
  const float factor = by_rows ? __fmul_rn(a_scale, b_scale / divisor) : __fmul_rn(a_scale, b_scale) / divisor;
  const float value = __fmul_rn(static_cast<float>(sum), factor);
  if (to_bytes) {
    store_integer(call.c, call.to, to, quantized(value, zero_at(call.c_by.zero, 0), call.to));
    return;
  }
  const float result = call.bias.data == nullptr ? value : __fadd_rn(value, scale_at(call.bias, column));
  store_float(call.c, call.to, to, result);
}

template <int Side, int Own>
__global__ void __launch_bounds__((Side / Own) * (Side / Own)) int8_kernel(const __grid_constant__ Int8Call call) {
  using Tile = SimtTile<int32_t, Side, Own>;
  const int across = threadIdx.x % Tile::kAcross, down = threadIdx.x / Tile::kAcross;
  const TilePlace tile = tile_place(blockIdx.x, blocks_for(call.m, Side), blocks_for(call.n, Side));
  const int64_t row0 = tile.row * Side, column0 = tile.column * Side;
  for (int64_t matrix = blockIdx.y; matrix < call.batch.elements; matrix += gridDim.y) {
    Matrices of;
    of.start = call.batch.at(matrix);
    of.a_rows = call.k == 0 ? 0 : of.start.of[0] / (call.m * call.k) * call.m;
    of.b_columns = call.k == 0 ? 0 : of.start.of[1] / (call.n * call.k) * call.n;
    int32_t sums[Own][Own] = {};
    Tile::multiply(
        call.k, down, across, call.a.column == 1, call.b.column != 1,
        [&](int, typename Tile::Point at, int64_t k0) {
          const int64_t row = row0 + at.line, k = k0 + at.depth;
          if (row >= call.m || k >= call.k) return int32_t{0};
          return code_at(call.a.data, call.a.number, of.start.of[0] + row * call.a.row + k * call.a.column) -
                 zero_at(call.a.zero, of.a_rows + row);
        },
        [&](int, typename Tile::Point at, int64_t k0) {
          const int64_t column = column0 + at.line, k = k0 + at.depth;
          if (column >= call.n || k >= call.k) return int32_t{0};
          return code_at(call.b.data, call.b.number, of.start.of[1] + k * call.b.row + column * call.b.column) -
                 zero_at(call.b.zero, of.b_columns + column);
        },
        sums);
    Tile::for_each(sums, down, across, [&](int i, int j, int32_t sum) {
      if (row0 + i < call.m && column0 + j < call.n) store(call, of, row0 + i, column0 + j, sum);
    });
  }
}

template <int Side, int Own>
void launch_tiles(const Int8Call& call, void* stream) {
  const int64_t tiles = blocks_for(call.m, Side) * blocks_for(call.n, Side);
  const int64_t matrices = call.batch.elements < kMostBlocksYZ ? call.batch.elements : kMostBlocksYZ;
  const Grid grid{static_cast<unsigned>(tiles), static_cast<unsigned>(matrices), 1,
                  SimtTile<int32_t, Side, Own>::kThreads};
  launch(int8_kernel<Side, Own>, grid, stream, call);
}

}  // namespace

void launch_int8_product(const Int8Call& call, void* stream) {
  if (call.m == 0 || call.n == 0 || call.batch.elements == 0) return;
  const bool large = gemm_tile(Number::F32, call.m, call.n, call.batch.elements).rows > 32;
  large ? launch_tiles<64, 4>(call, stream) : launch_tiles<32, 4>(call, stream);
}

}  // namespace mica::cuda
