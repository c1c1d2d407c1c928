// Products of matrices of bytes: exact sums in int32, by tiles, four products at a time.
#include "kernels/matmul/simt_tile.cuh"
#include "kernels/quant/byte_sums.cuh"
#include "kernels/quant/int8_epilogue.cuh"

namespace mica::cuda {
namespace {

constexpr int kBytes = 4;  // of a word

// Bytes of an operand from `from` on, `step` apart, of which `count` are there; what is not there is 0.
__device__ FourBytes four_bytes(const uint8_t* from, int64_t step, int64_t count, uint32_t flip) {
  if (step == 1 && count >= kBytes && reinterpret_cast<uintptr_t>(from) % kBytes == 0) {
    return {*reinterpret_cast<const uint32_t*>(from) ^ flip};
  }
  uint32_t word = 0;
#pragma unroll
  for (int i = 0; i < kBytes; ++i) {
    if (i < count) word |= (from[i * step] ^ (flip & 0xffu)) << 8 * i;
  }
  return {word};
}

template <int Side, int Own>
__global__ void __launch_bounds__((Side / Own) * (Side / Own)) int8_kernel(const __grid_constant__ Int8Call call) {
  using Tile = SimtTile<int32_t, Side, Own, FourBytes>;
  const int across = threadIdx.x % Tile::kAcross, down = threadIdx.x / Tile::kAcross;
  const TilePlace tile = tile_place(blockIdx.x, blocks_for(call.m, Side), blocks_for(call.n, Side));
  const int64_t row0 = tile.row * Side, column0 = tile.column * Side;
  const uint32_t flip_a = sign_flip(call.a.number), flip_b = sign_flip(call.b.number);
  for (int64_t matrix = blockIdx.y; matrix < call.batch.elements; matrix += gridDim.y) {
    const Int8Matrices of = int8_matrices(call, matrix);
    const uint8_t* a = static_cast<const uint8_t*>(call.a.data) + of.start.of[0];
    const uint8_t* b = static_cast<const uint8_t*>(call.b.data) + of.start.of[1];
    int32_t sums[Own][Own] = {}, sums_a[Own] = {}, sums_b[Own] = {};
    Tile::multiply(
        blocks_for(call.k, kBytes), down, across, call.a.column == 1, call.b.column != 1,
        [&](int, typename Tile::Point at, int64_t k0) {
          const int64_t row = row0 + at.line, k = (k0 + at.depth) * kBytes;
          if (row >= call.m || k >= call.k) return FourBytes{};
          return four_bytes(a + row * call.a.row + k * call.a.column, call.a.column, call.k - k, flip_a);
        },
        [&](int, typename Tile::Point at, int64_t k0) {
          const int64_t column = column0 + at.line, k = (k0 + at.depth) * kBytes;
          if (column >= call.n || k >= call.k) return FourBytes{};
          return four_bytes(b + k * call.b.row + column * call.b.column, call.b.row, call.k - k, flip_b);
        },
        sums,
        [&](const FourBytes(&rows)[Own], const FourBytes(&columns)[Own]) {
#pragma unroll
          for (int i = 0; i < Own; ++i) {
            sums_a[i] = add_dot(sums_a[i], rows[i].word, kFourOnes);
            sums_b[i] = add_dot(sums_b[i], columns[i].word, kFourOnes);
          }
        });
#pragma unroll
    for (int i = 0; i < Own; ++i) {
      const int64_t row = row0 + Tile::place(down, i), column = column0 + Tile::place(across, 0);
      if (row >= call.m || column >= call.n) continue;
      const SignedZero zero_a = signed_zero(call.a.zero, of.a_rows + row, call.a.number);
      EightInts values{};
#pragma unroll
      for (int j = 0; j < Own; ++j) {
        const SignedZero zero_b = signed_zero(call.b.zero, of.b_columns + column + j, call.b.number);
        values.of[j] = without_zeros(sums[i][j], sums_a[i], sums_b[j], zero_a, zero_b, static_cast<int32_t>(call.k), 0);
      }
      store_int8(call, of, row, column, static_cast<int>(call.n - column < Own ? call.n - column : Own), values);
    }
  }
}

template <int Side, int Own>
void launch_tiles(const Int8Call& call, void* stream) {
  static_assert(Own == 4, "a thread has neighbours of a row");
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
