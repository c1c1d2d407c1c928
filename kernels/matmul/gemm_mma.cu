// A block computes a tile of c, from tiles of the operands in shared memory, of which several are on their way from
// memory while one is multiplied. A warp has 32 columns of it, whose sums stay in registers until they are stored.
#include "kernels/cuda/mma.cuh"
#include "kernels/matmul/gemm_epilogue.cuh"
#include "kernels/matmul/gemm_mma_cuda.h"
#include "kernels/matmul/quad_columns.cuh"

namespace mica::cuda {
namespace {

constexpr int kWarpColumns = 32;
constexpr int kVector = kMmaVector;

template <int Rows, int Columns, int WarpRows>
struct Tile {
  static constexpr int kRows = Rows, kColumns = Columns, kWarpRows = WarpRows;
  static constexpr int kAcross = Columns / kWarpColumns;
  static constexpr int kThreads = Rows / WarpRows * kAcross * static_cast<int>(kWarp);
  static constexpr int kBlocks = kThreads == 256 ? 2 : 3;  // of a multiprocessor, that registers are left for
  static constexpr int kStage = (Rows + Columns) * kMmaDepth;
  static constexpr size_t kShared = size_t{2} * kMmaStages * kStage;
};

struct MmaCall {
  GemmCall product;
  bool vectors_a, vectors_b;  // all vectors of the operand are aligned
  int64_t split_depth;
  float* parts;  // of c, one for each part of k; null where k is whole
};

__device__ int clamp_count(int64_t count) {
  return count < 0 ? 0 : count > kVector ? kVector : static_cast<int>(count);
}

/// How threads move the tiles of one operand, 16-bit words to them, from memory. `Inner`: vectors lie along k.
template <int Lines, int Threads, bool Inner>
class Side {
 public:
  /// `first` is the tile's element of k = 0; there are `lines` lines from it on.
  __device__ Side(const uint16_t* first, int64_t line_step, int64_t depth_step, int64_t lines, bool vectors)
      : first_(first),
        from_(first + line_of(0) * line_step + depth_of(0) * depth_step),
        jump_(Inner ? kJump * line_step : kJump * depth_step),
        depth_step_(depth_step),
        step_(Inner ? depth_step : line_step),
        lines_(static_cast<int>(lines < Lines ? lines : Lines)),
        vectors_(vectors) {}

  /// Begins to move the tile from k = `begin` on, of which `depth` elements are there, to `tile`.
  __device__ void fetch(uint16_t* tile, int64_t begin, int64_t depth) const {
    const int in_tile = static_cast<int>(depth < kMmaDepth ? depth : kMmaDepth);
    const uint16_t* from = from_ + begin * depth_step_;
#pragma unroll
    for (int i = 0; i < kLoads; ++i, from += jump_) {
      const int count = Inner ? (line_of(i) < lines_ ? clamp_count(in_tile - depth_of(i)) : 0)
                              : (depth_of(i) < in_tile ? clamp_count(lines_ - line_of(i)) : 0);
      uint16_t* to = tile + (Inner ? place_along_depth(line_of(i), depth_of(i))
                                   : place_across_depth(Lines, line_of(i), depth_of(i)));
      if (vectors_) {
        copy_async(to, count > 0 ? from : first_, 2 * count);
      } else {
        gather(to, from, count);
      }
    }
  }

 private:
  static constexpr int kLoads = Lines * kMmaDepth / kVector / Threads;
  static constexpr int kVectors = Inner ? kMmaDepth / kVector : Lines / kVector;  // that lie one behind the other
  static constexpr int kJump = Threads / kVectors;  // lines or, across k, elements along k from one load to the next

  __device__ static int line_of(int i) {
    const int thread = static_cast<int>(threadIdx.x);
    return Inner ? thread / kVectors + i * kJump : thread % kVectors * kVector;
  }
  __device__ static int depth_of(int i) {
    const int thread = static_cast<int>(threadIdx.x);
    return Inner ? thread % kVectors * kVector : thread / kVectors + i * kJump;
  }

  __device__ void gather(uint16_t* to, const uint16_t* from, int count) const {
    union {
      uint16_t words[kVector];
      int4 whole;
    } gathered;
#pragma unroll
    for (int i = 0; i < kVector; ++i) gathered.words[i] = i < count ? from[i * step_] : uint16_t{0};
    *reinterpret_cast<int4*>(to) = gathered.whole;
  }

  const uint16_t *first_, *from_;
  int64_t jump_, depth_step_, step_;
  int lines_;
  bool vectors_;
};

template <class T, class Shape, bool InnerB>
__global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocks)
    gemm_mma_kernel(const __grid_constant__ MmaCall call) {
  if constexpr (!kHasProducts<T>) return;
  constexpr int kRowTiles = Shape::kWarpRows / 16, kColumnTiles = kWarpColumns / 8;
  const GemmCall& product = call.product;
  uint16_t* stages = shared_memory<uint16_t>();
  const int warp = threadIdx.x / kWarp, lane = threadIdx.x % kWarp;
  const int warp_row = warp / Shape::kAcross * Shape::kWarpRows, warp_column = warp % Shape::kAcross * kWarpColumns;
  const TilePlace tile =
      tile_place(blockIdx.x, blocks_for(product.m, Shape::kRows), blocks_for(product.n, Shape::kColumns));
  const int64_t row0 = tile.row * Shape::kRows, column0 = tile.column * Shape::kColumns;
  const int64_t k0 = blockIdx.z * call.split_depth;
  const int64_t k_left = product.k - k0, depth = k_left < call.split_depth ? k_left : call.split_depth;
  const int steps = static_cast<int>(blocks_for(depth, kMmaDepth));

  for (int64_t matrix = blockIdx.y; matrix < product.batch.elements; matrix += gridDim.y) {
    const auto start = product.batch.at(matrix);
    const uint16_t* a = static_cast<const uint16_t*>(product.a.data) + start.of[0];
    const uint16_t* b = static_cast<const uint16_t*>(product.b.data) + start.of[1];
    const Side<Shape::kRows, Shape::kThreads, true> side_a(a + row0 * product.a.row + k0 * product.a.column,
                                                           product.a.row, product.a.column, product.m - row0,
                                                           call.vectors_a);
    const Side<Shape::kColumns, Shape::kThreads, InnerB> side_b(b + column0 * product.b.column + k0 * product.b.row,
                                                                product.b.column, product.b.row, product.n - column0,
                                                                call.vectors_b);
    const auto fetch = [&](int step) {
      if (step < steps) {
        uint16_t* stage = stages + step % kMmaStages * Shape::kStage;
        const int64_t begin = static_cast<int64_t>(step) * kMmaDepth;
        side_a.fetch(stage, begin, depth - begin);
        side_b.fetch(stage + Shape::kRows * kMmaDepth, begin, depth - begin);
      }
      commit_copies();
    };

    float sums[kRowTiles][kColumnTiles][4] = {};
    for (int step = 0; step < kMmaStages - 1; ++step) fetch(step);
    for (int step = 0; step < steps; ++step) {
      wait_for_copies<kMmaStages - 2>();
      __syncthreads();
      fetch(step + kMmaStages - 1);  // over the stage that all have just left
      const uint16_t* tile_a = stages + step % kMmaStages * Shape::kStage;
      const uint16_t* tile_b = tile_a + Shape::kRows * kMmaDepth;
#pragma unroll
      for (int k = 0; k < kMmaDepth; k += 16) {
        uint32_t words_a[kRowTiles][4], words_b[kColumnTiles][2];
#pragma unroll
        for (int i = 0; i < kRowTiles; ++i) {
          load_matrices(words_a[i], tile_a + place_along_depth(warp_row + 16 * i + lane % 16, k + lane / 16 * 8));
        }
#pragma unroll
        for (int j = 0; j < kColumnTiles; j += 2) {
          uint32_t words[4];
          const int column = warp_column + 8 * j;
          if constexpr (InnerB) {
            load_matrices(words, tile_b + place_along_depth(column + lane / 16 * 8 + lane % 8, k + lane / 8 % 2 * 8));
          } else {
            load_matrices_transposed(
                words, tile_b + place_across_depth(Shape::kColumns, column + lane / 16 * 8, k + lane % 16));
          }
          words_b[j][0] = words[0], words_b[j][1] = words[1];
          words_b[j + 1][0] = words[2], words_b[j + 1][1] = words[3];
        }
#pragma unroll
        for (int i = 0; i < kRowTiles; ++i) {
#pragma unroll
          for (int j = 0; j < kColumnTiles; ++j) multiply_fragments<T>(sums[i][j], words_a[i], words_b[j]);
        }
      }
    }
    wait_for_copies<0>();
    __syncthreads();

    const int64_t column = column0 + warp_column + lane % 4 * 8;
    float* part = call.parts == nullptr ? nullptr : call.parts + blockIdx.z * product.m * product.n;
    void* c = offset_by(product.c, product.number, start.of[2]);
#pragma unroll
    for (int i = 0; i < kRowTiles; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const Eight values = quad_columns(&sums[i][0][0], half);
        const int64_t row = row0 + warp_row + 16 * i + 8 * half + lane / 4;
        if (row >= product.m || column >= product.n) continue;
        if (part != nullptr) {
          write_eight(part, Number::F32, row * product.n + column, clamp_count(product.n - column), values);
        } else {
          store_products(product, c, row, column, clamp_count(product.n - column), values);
        }
      }
    }
  }
}

// Sums up the parts of c, always in the same order.
__global__ void join_parts_kernel(const __grid_constant__ GemmCall call, const float* parts, int count) {
  const int64_t across = blocks_for(call.n, kVector);
  for (int64_t i = first_element(); i < call.m * across; i += element_stride()) {
    const int64_t row = i / across, column = i % across * kVector;
    Eight sum{};
    for (int part = 0; part < count; ++part) {
      const Eight more =
          read_eight(parts, Number::F32, (part * call.m + row) * call.n + column, 1, clamp_count(call.n - column));
      for (int j = 0; j < kVector; ++j) sum.of[j] += more.of[j];
    }
    store_products(call, call.c, row, column, clamp_count(call.n - column), sum);
  }
}

template <class T, class Shape>
void launch_shape(const MmaCall& call, const MmaCut& cut, void* stream) {
  const GemmCall& product = call.product;
  const int64_t tiles = blocks_for(product.m, Shape::kRows) * blocks_for(product.n, Shape::kColumns);
  const int64_t matrices = product.batch.elements < kMostBlocksYZ ? product.batch.elements : kMostBlocksYZ;
  const Grid grid{static_cast<unsigned>(tiles), static_cast<unsigned>(matrices), static_cast<unsigned>(cut.splits),
                  Shape::kThreads, Shape::kShared};
  const bool inner = product.b.column != 1;
  launch(inner ? gemm_mma_kernel<T, Shape, true> : gemm_mma_kernel<T, Shape, false>, grid, stream, call);
}

template <class T>
void launch_tiles(const MmaCall& call, const MmaCut& cut, void* stream) {
  if (cut.rows == 64) return launch_shape<T, Tile<64, 64, 32>>(call, cut, stream);
  if (cut.columns == 64) return launch_shape<T, Tile<128, 64, 64>>(call, cut, stream);
  launch_shape<T, Tile<128, 128, 64>>(call, cut, stream);
}

// Whether every vector along `along` begins at a multiple of 16 bytes.
bool lies_in_vectors(const GemmOperand& operand, int64_t along, int64_t across, const Walk<3>& batch, int which) {
  bool whole = along == 1 && across % kVector == 0 && reinterpret_cast<uintptr_t>(operand.data) % 16 == 0;
  for (int axis = 0; axis < batch.rank; ++axis) whole = whole && batch.steps[axis].of[which] % kVector == 0;
  return whole;
}

}  // namespace

void launch_gemm_mma(const GemmCall& call, Number operands, const MmaCut& cut, float* workspace, void* stream) {
  if (call.m == 0 || call.n == 0 || call.batch.elements == 0) return;
  const bool inner = call.b.column != 1;
  const MmaCall mma{
      call, lies_in_vectors(call.a, call.a.column, call.a.row, call.batch, 0),
      lies_in_vectors(call.b, inner ? call.b.row : call.b.column, inner ? call.b.column : call.b.row, call.batch, 1),
      cut.split_depth, cut.splits > 1 ? workspace : nullptr};
  if (operands == Number::F16) {
    launch_tiles<__half>(mma, cut, stream);
  } else {
    launch_tiles<__nv_bfloat16>(mma, cut, stream);
  }
  if (cut.splits == 1) return;
  launch(join_parts_kernel, over_elements(call.m * blocks_for(call.n, kVector)), stream, call, workspace, cut.splits);
}

}  // namespace mica::cuda
