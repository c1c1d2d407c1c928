// Products with weights of a few bits: of few rows by warps, each of which reads the codes of a row of weights; of many
// by tiles, into which weights are decoded.
#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/team.cuh"
#include "kernels/matmul/gemm_cuda.h"
#include "kernels/matmul/simt_tile.cuh"
#include "kernels/quant/nbits_cuda.h"

namespace mica::cuda {
namespace {

constexpr int kRows = 4;  // of a that a warp multiplies at a time

// A weight is (code - zero) * scale.
struct BlockNumbers {
  float scale, zero;
};
__device__ BlockNumbers block_numbers(const NBitsCall& call, int64_t row, int64_t block) {
  BlockNumbers of{load_float(call.scales, call.number, row * call.blocks + block),
                  static_cast<float>(1 << (call.bits - 1))};
  if (call.zeros != nullptr && call.zeros_number == Number::U8) {
    const int64_t pitch = (call.blocks * call.bits + 7) / 8, bit = block * call.bits;
    const uint8_t byte = static_cast<const uint8_t*>(call.zeros)[row * pitch + bit / 8];
    of.zero = static_cast<float>(byte >> bit % 8 & ((1 << call.bits) - 1));
  } else if (call.zeros != nullptr) {
    of.zero = load_float(call.zeros, call.zeros_number, row * call.blocks + block);
  }
  return of;
}

// Where the codes of a row are, in bits: blocks take whole bytes.
__device__ int64_t code_bit(const NBitsCall& call, int64_t row, int64_t k) {
  return (row * call.blocks * call.block_size + k) * call.bits;
}

__device__ float weight(const NBitsCall& call, int64_t row, int64_t k) {
  int64_t block = k / call.block_size;
  if (call.groups != nullptr) {
    block = call.groups[k];
    if (block < 0 || block >= call.blocks) {
      call.fault.report();
      return 0;
    }
  }
  const BlockNumbers of = block_numbers(call, row, block);
  const int64_t bit = code_bit(call, row, k);
  const int code = call.codes[bit / 8] >> bit % 8 & ((1 << call.bits) - 1);
  return (static_cast<float>(code) - of.zero) * of.scale;
}

__device__ void store(const NBitsCall& call, int64_t row, int64_t column, float sum) {
  if (call.bias != nullptr) sum += load_float(call.bias, call.number, column);
  const int64_t to = row * call.n + column;
  store_float(call.y, call.number, to, sum);
}

// A warp for each column of y. Codes are read as words of kSpan of them, which lie within a block.
__global__ void nbits_rows_kernel(const __grid_constant__ NBitsCall call) {
  using Warps = Team<false>;
  constexpr int kSpan = NBitsCall::kSpan;
  const uint64_t mask = (uint64_t{1} << call.bits) - 1;
  for (int64_t column = Warps::first_row(); column < call.n; column += Warps::row_stride()) {
    for (int64_t row0 = 0; row0 < call.m; row0 += kRows) {
      float sums[kRows] = {};
      for (int64_t k = Warps::lane() * kSpan; k < call.k; k += Warps::lanes() * kSpan) {
        const BlockNumbers of = block_numbers(call, column, k / call.block_size);
        const uint8_t* from = call.codes + code_bit(call, column, k) / 8;
        uint64_t word = call.bits == 8   ? *reinterpret_cast<const uint64_t*>(from)
                        : call.bits == 4 ? *reinterpret_cast<const uint32_t*>(from)
                                         : *reinterpret_cast<const uint16_t*>(from);
#pragma unroll
        for (int i = 0; i < kSpan; ++i, word >>= call.bits) {
          if (k + i >= call.k) break;
          const float w = (static_cast<float>(static_cast<uint32_t>(word & mask)) - of.zero) * of.scale;
#pragma unroll
          for (int r = 0; r < kRows; ++r) {
            if (row0 + r < call.m) sums[r] += load_float(call.a, call.number, (row0 + r) * call.k + k + i) * w;
          }
        }
      }
#pragma unroll
      for (int r = 0; r < kRows; ++r) {
        const float sum = warp_merge(sums[r], Plus<float>());
        if (Warps::lane() == 0 && row0 + r < call.m) store(call, row0 + r, column, sum);
      }
    }
  }
}

template <int Side, int Own>
__global__ void __launch_bounds__((Side / Own) * (Side / Own))
    nbits_tile_kernel(const __grid_constant__ NBitsCall call) {
  using Tile = SimtTile<float, Side, Own>;
  const int across = threadIdx.x % Tile::kAcross, down = threadIdx.x / Tile::kAcross;
  const TilePlace tile = tile_place(blockIdx.x, blocks_for(call.m, Side), blocks_for(call.n, Side));
  const int64_t row0 = tile.row * Side, column0 = tile.column * Side;
  float sums[Own][Own] = {};
  Tile::multiply(
      call.k, down, across, true, true,
      [&](int, typename Tile::Point at, int64_t k0) {
        const int64_t row = row0 + at.line, k = k0 + at.depth;
        return row < call.m && k < call.k ? load_float(call.a, call.number, row * call.k + k) : 0.0f;
      },
      [&](int, typename Tile::Point at, int64_t k0) {
        const int64_t column = column0 + at.line, k = k0 + at.depth;
        return column < call.n && k < call.k ? weight(call, column, k) : 0.0f;
      },
      sums);
  Tile::for_each(sums, down, across, [&](int i, int j, float sum) {
    if (row0 + i < call.m && column0 + j < call.n) store(call, row0 + i, column0 + j, sum);
  });
}

template <int Side, int Own>
void launch_tiles(const NBitsCall& call, void* stream) {
  const int64_t tiles = blocks_for(call.m, Side) * blocks_for(call.n, Side);
  const Grid grid{static_cast<unsigned>(tiles), 1, 1, SimtTile<float, Side, Own>::kThreads};
  launch(nbits_tile_kernel<Side, Own>, grid, stream, call);
}

}  // namespace

void launch_nbits(const NBitsCall& call, void* stream) {
  constexpr int64_t kFewRows = 8;
  if (call.m == 0 || call.n == 0) return;
  // Spans of codes are read as words.
  const bool aligned = reinterpret_cast<uintptr_t>(call.codes) % NBitsCall::kSpan == 0;
  if (call.m <= kFewRows && call.groups == nullptr && aligned) {
    return launch(nbits_rows_kernel, over_rows(call.n, kWarp).grid, stream, call);
  }
  const bool large = gemm_tile(Number::F32, call.m, call.n, 1).rows > 32;
  large ? launch_tiles<64, 4>(call, stream) : launch_tiles<32, 4>(call, stream);
}

}  // namespace mica::cuda
