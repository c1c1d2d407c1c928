// Blocks stay and take one tile of c after the other. One thread of the first warpgroup has the copy engine bring tiles
// of the operands into a ring of stages, ahead of the two others, each of which multiplies 64 rows with all columns.
#include "kernels/cuda/warpgroup.cuh"
#include "kernels/matmul/gemm_epilogue.cuh"
#include "kernels/matmul/gemm_wgmma_cuda.h"
#include "kernels/matmul/quad_columns.cuh"

namespace mica::cuda {
namespace {

constexpr int kStages = 4;
constexpr int kWarpgroup = 128;  // threads
constexpr int kConsumers = 2;    // warpgroups
constexpr int kThreads = (1 + kConsumers) * kWarpgroup;
constexpr int kColumns = 128;                       // of one instruction
constexpr unsigned kTileA = kWgmmaRows * kTileRow;  // bytes

struct WgmmaCall {
  GemmCall product;
  TensorMap a, b;
};

// Shared memory: the stages, and for each two barriers.
template <int Halves>
struct Ring {
  static constexpr unsigned kTileB = Halves * kColumns * kTileRow;
  static constexpr unsigned kStage = kTileA + kTileB;
  static constexpr size_t kBytes = kTileAlignment + kStages * (kStage + 2 * sizeof(CopyBarrier));

  char* stages;
  CopyBarrier *full, *empty;

  __device__ static Ring make() {
    char* memory = shared_memory<char>();
    memory += (kTileAlignment - shared_address(memory) % kTileAlignment) % kTileAlignment;
    auto* barriers = reinterpret_cast<CopyBarrier*>(memory + kStages * kStage);
    return {memory, barriers, barriers + kStages};
  }
};

// The tiles of c that this block takes.
template <class Visit>
__device__ void for_each_tile(const GemmCall& p, int columns, Visit visit) {
  const int64_t down = blocks_for(p.m, kWgmmaRows), across = blocks_for(p.n, columns);
  for (int64_t i = blockIdx.x; i < down * across * p.batch.elements; i += gridDim.x) {
    const TilePlace place = tile_place(i % (down * across), down, across);
    visit(place.row * kWgmmaRows, place.column * columns, i / (down * across));
  }
}

template <int Halves, bool AcrossB>
__device__ void bring(const WgmmaCall& call, const Ring<Halves>& ring, int steps) {
  RingTurn<kStages> turn;
  for_each_tile(call.product, Halves * kColumns, [&](int64_t row, int64_t column, int64_t matrix) {
    const Walk<3>& batch = call.product.batch;
    const bool many_a = batch.rank > 0 && batch.steps[0].of[0] != 0;
    const bool many_b = batch.rank > 0 && batch.steps[0].of[1] != 0;
    const int y = static_cast<int>(row), x = static_cast<int>(column), z = static_cast<int>(matrix);
    for (int step = 0; step < steps; ++step, turn.next()) {
      wait_for(&ring.empty[turn.stage], turn.parity ^ 1);  // all are empty in the beginning
      CopyBarrier* full = &ring.full[turn.stage];
      arrive_expecting(full, Ring<Halves>::kStage);
      char* tile = ring.stages + turn.stage * Ring<Halves>::kStage;
      const int k = step * kWgmmaDepth;
      copy_box(tile, call.a, full, k, y, many_a ? z : 0);
      if constexpr (AcrossB) {
        for (int box = 0; box < Halves * kColumns / kWgmmaDepth; ++box) {
          copy_box(tile + kTileA + box * kWgmmaBox, call.b, full, x + box * kWgmmaDepth, k, many_b ? z : 0);
        }
      } else {
        copy_box(tile + kTileA, call.b, full, k, x, many_b ? z : 0);
      }
    }
  });
}

template <class T, int Halves, bool AcrossB>
__device__ void multiply(const WgmmaCall& call, const Ring<Halves>& ring, int steps) {
  constexpr int kInstructionDepth = 16;
  constexpr uint32_t kEightRows = 8 * kTileRow;
  const GemmCall& p = call.product;
  const int consumer = threadIdx.x / kWarpgroup - 1, warp = threadIdx.x % kWarpgroup / kWarp;
  const int lane = threadIdx.x % kWarp;
  const bool speaks = threadIdx.x % kWarpgroup == 0;
  RingTurn<kStages> turn;
  for_each_tile(p, Halves * kColumns, [&](int64_t row0, int64_t column0, int64_t matrix) {
    float sums[Halves][64];
    CopyBarrier* left = nullptr;  // of the stage before, which is read until its products are done
    for (int step = 0; step < steps; ++step, turn.next()) {
      wait_for(&ring.full[turn.stage], turn.parity);
      const uint32_t tile = shared_address(ring.stages + turn.stage * Ring<Halves>::kStage);
      begin_products();
#pragma unroll
      for (int k = 0; k < kWgmmaDepth; k += kInstructionDepth) {
        const uint32_t a = tile + consumer * (kTileA / kConsumers) + k * 2;
#pragma unroll
        for (int half = 0; half < Halves; ++half) {
          const uint32_t b = tile + kTileA + half * (kColumns * kTileRow) + (AcrossB ? k * kTileRow : k * 2);
          multiply_tiles<T, AcrossB>(sums[half], encode(TileDescriptor{a, 0, kEightRows}),
                                     encode(TileDescriptor{b, AcrossB ? kWgmmaBox : 0, kEightRows}), step > 0 || k > 0);
        }
      }
      commit_products();
      wait_for_products<1>();
      if (left != nullptr && speaks) arrive(left);
      left = &ring.empty[turn.stage];
    }
    wait_for_products<0>();
    if (speaks) arrive(left);

    const auto start = p.batch.at(matrix);
    void* c = offset_by(p.c, p.number, start.of[2]);
#pragma unroll
    for (int half = 0; half < Halves; ++half) {
#pragma unroll
      for (int block = 0; block < 64; block += 16) {
#pragma unroll
        for (int lower = 0; lower < 2; ++lower) {
          const Eight values = quad_columns(&sums[half][block], lower);
          const int64_t row = row0 + consumer * 64 + warp * 16 + lower * 8 + lane / 4;
          const int64_t column = column0 + half * kColumns + block * 2 + lane % 4 * 8;
          if (row >= p.m || column >= p.n) continue;
          store_products(p, c, row, column, p.n - column < 8 ? static_cast<int>(p.n - column) : 8, values);
        }
      }
    }
  });
}

template <class T, int Halves, bool AcrossB>
__global__ void __launch_bounds__(kThreads, 1) gemm_wgmma_kernel(const __grid_constant__ WgmmaCall call) {
  if constexpr (kHasWarpgroups) {
    const Ring<Halves> ring = Ring<Halves>::make();
    const int steps = static_cast<int>(blocks_for(call.product.k, kWgmmaDepth));
    if (threadIdx.x == 0) {
      for (int stage = 0; stage < kStages; ++stage) {
        make_barrier(&ring.full[stage], 1);
        make_barrier(&ring.empty[stage], kConsumers);
      }
      publish_barriers();
    }
    __syncthreads();
    if (threadIdx.x / kWarpgroup == 0) {
      give_registers<40>();
      if (threadIdx.x == 0) bring<Halves, AcrossB>(call, ring, steps);
    } else {
      take_registers<232>();
      multiply<T, Halves, AcrossB>(call, ring, steps);
    }
  }
}

template <class T, int Halves>
void launch_halves(const WgmmaCall& call, void* stream) {
  const GemmCall& p = call.product;
  const int64_t tiles = blocks_for(p.m, kWgmmaRows) * blocks_for(p.n, Halves * kColumns) * p.batch.elements;
  const int64_t blocks = multiprocessors();
  const Grid grid{static_cast<unsigned>(tiles < blocks ? tiles : blocks), 1, 1, kThreads, Ring<Halves>::kBytes};
  const bool across = p.b.column == 1;
  launch(across ? gemm_wgmma_kernel<T, Halves, true> : gemm_wgmma_kernel<T, Halves, false>, grid, stream, call);
}

template <class T>
void launch_columns(const WgmmaCall& call, int columns, void* stream) {
  if (columns == 256) return launch_halves<T, 2>(call, stream);
  launch_halves<T, 1>(call, stream);
}

}  // namespace

void launch_gemm_wgmma(const GemmCall& call, Number operands, const WgmmaCut& cut, const TensorMap& map_a,
                       const TensorMap& map_b, void* stream) {
  const WgmmaCall wgmma{call, map_a, map_b};
  if (operands == Number::F16) {
    launch_columns<__half>(wgmma, cut.columns, stream);
  } else {
    launch_columns<__nv_bfloat16>(wgmma, cut.columns, stream);
  }
}

}  // namespace mica::cuda
