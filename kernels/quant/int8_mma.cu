// Products of matrices of bytes on tensor cores, of operands that lie along k.
#include "kernels/quant/byte_mma.cuh"
#include "kernels/quant/int8_epilogue.cuh"

namespace mica::cuda {
namespace {

struct Call {
  Int8Call product;
  int64_t split_depth;
  int32_t* parts;  // of c, one for each part of k; null where k is whole
};

// Stores eight neighbours of a row, of which `sum_a` and `sums_b` are the sums of the operands' lines. Not inlined: a
// thread of the larger tile has eight of them.
__device__ __noinline__ void finish(const Call& call, const Int8Matrices& of, int64_t row, int64_t column,
                                    int32_t sum_a, const int32_t* sums_b, const ByteDepth& depth, EightInts values) {
  const Int8Call& product = call.product;
  const int here = clamp_count(product.n - column, 8);
  const SignedZero zero_a = signed_zero(product.a.zero, of.a_rows + row, product.a.number);
#pragma unroll
  for (int j = 0; j < 8; ++j) {
    const SignedZero zero_b = signed_zero(product.b.zero, of.b_columns + column + j, product.b.number);
    values.of[j] = without_zeros(values.of[j], sum_a, sums_b[j], zero_a, zero_b, depth.count, depth.filled);
  }
  if (call.parts == nullptr) return store_int8(product, of, row, column, here, values);
  store_part(call.parts + (blockIdx.z * product.m + row) * product.n + column, here, values);
}

template <class Tile>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kBlocks) int8_mma_kernel(const __grid_constant__ Call call) {
  using Product = ByteProduct<Tile>;
  if constexpr (!Product::kPossible) return;
  using SideA = MmaSide<uint8_t, Tile::kRows, Tile::kThreads, true>;
  using SideB = MmaSide<uint8_t, Tile::kColumns, Tile::kThreads, true>;
  const Int8Call& product = call.product;
  const MmaPlace place = mma_place<Tile>(product.m, product.n, product.k, call.split_depth);
  const int steps = static_cast<int>(blocks_for(place.depth, SideA::kDepth));
  const ByteDepth summed{steps * SideA::kDepth, steps * SideA::kDepth - static_cast<int32_t>(place.depth)};

  for (int64_t matrix = blockIdx.y; matrix < product.batch.elements; matrix += gridDim.y) {
    const Int8Matrices of = int8_matrices(product, matrix);
    const uint8_t* a = static_cast<const uint8_t*>(product.a.data) + of.start.of[0];
    const uint8_t* b = static_cast<const uint8_t*>(product.b.data) + of.start.of[1];
    const SideA side_a(a + place.row * product.a.row + place.k, product.a.row, 1, product.m - place.row, true);
    const SideB side_b(b + place.column * product.b.column + place.k, product.b.column, 1, product.n - place.column,
                       true);
    MmaSums<Tile, int32_t> sums = {};
    Product multiplies(product.a.number, product.b.number);
    multiply_staged<Tile, true>(
        steps,
        [&](int step, int4* tile_a, int4* tile_b) {
          const int64_t begin = static_cast<int64_t>(step) * SideA::kDepth;
          side_a.fetch(tile_a, begin, place.depth - begin);
          side_b.fetch(tile_b, begin, place.depth - begin);
        },
        multiplies, sums);
    multiplies.share_sums();

    const int across = run_column<Tile>();
    const int64_t column = place.column + across;
    for_each_run<Tile>(sums, [&](int down, const EightInts& values) {
      const int64_t row = place.row + down;
      if (row >= product.m || column >= product.n) return;
      finish(call, of, row, column, Product::row_sum(down), Product::column_sums(across), summed, values);
    });
    __syncthreads();  // before shared memory has tiles again
  }
}

// Sums up the parts of a single matrix.
__global__ void join_int8_kernel(const __grid_constant__ Int8Call call, const int32_t* parts, int count) {
  const int64_t across = blocks_for(call.n, 8);
  for (int64_t i = first_element(); i < call.m * across; i += element_stride()) {
    const int64_t row = i / across, column = (i - row * across) * 8;
    const int here = clamp_count(call.n - column, 8);
    EightInts sum{};
    for (int part = 0; part < count; ++part) {
      const int32_t* from = parts + (part * call.m + row) * call.n + column;
      for (int j = 0; j < here; ++j) {
        sum.of[j] = static_cast<int32_t>(static_cast<uint32_t>(sum.of[j]) + static_cast<uint32_t>(from[j]));
      }
    }
    store_int8(call, int8_matrices(call, 0), row, column, here, sum);
  }
}

template <class Tile>
void launch_tile(const Call& call, const MmaCut& cut, void* stream) {
  const Int8Call& product = call.product;
  launch(int8_mma_kernel<Tile>, mma_grid<Tile>(product.m, product.n, product.batch.elements, cut), stream, call);
}

}  // namespace

void launch_int8_mma(const Int8Call& product, const MmaCut& cut, int32_t* workspace, void* stream) {
  if (product.m == 0 || product.n == 0 || product.batch.elements == 0) return;
  const Call call{product, cut.split_depth, cut.splits > 1 ? workspace : nullptr};
  if (cut.rows == 64) {
    launch_tile<MmaTile<64, 64, 32>>(call, cut, stream);
  } else {
    launch_tile<MmaTile<128, 128, 64>>(call, cut, stream);
  }
  if (cut.splits == 1) return;
  launch(join_int8_kernel, over_elements(product.m * blocks_for(product.n, 8)), stream, product, workspace, cut.splits);
}

}  // namespace mica::cuda
