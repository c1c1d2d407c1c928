// Products of matrices on tensor cores, whatever their elements.
#pragma once

#include "kernels/matmul/gemm_epilogue.cuh"
#include "kernels/matmul/gemm_mma_cuda.h"
#include "kernels/matmul/mma_tile.cuh"

namespace mica::cuda {

struct MmaCall {
  GemmCall product;
  bool vectors_a, vectors_b;  ///< all vectors of the operand are aligned
  int64_t split_depth;
  float* parts;  ///< of c, one for each part of k; null where k is whole
};

/// `Product` multiplies elements that lie in memory as E do.
template <class E, class Product, class Tile, bool InnerB>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kBlocks) gemm_mma_kernel(const __grid_constant__ MmaCall call) {
  if constexpr (!Product::kPossible) return;
  using SideA = MmaSide<E, Tile::kRows, Tile::kThreads, true>;
  using SideB = MmaSide<E, Tile::kColumns, Tile::kThreads, InnerB>;
  const GemmCall& product = call.product;
  const MmaPlace place = mma_place<Tile>(product.m, product.n, product.k, call.split_depth);

  for (int64_t matrix = blockIdx.y; matrix < product.batch.elements; matrix += gridDim.y) {
    const auto start = product.batch.at(matrix);
    const E* a = static_cast<const E*>(product.a.data) + start.of[0];
    const E* b = static_cast<const E*>(product.b.data) + start.of[1];
    const SideA side_a(a + place.row * product.a.row + place.k * product.a.column, product.a.row, product.a.column,
                       product.m - place.row, call.vectors_a);
    const SideB side_b(b + place.column * product.b.column + place.k * product.b.row, product.b.column, product.b.row,
                       product.n - place.column, call.vectors_b);
    MmaSums<Tile, float> sums = {};
    Product multiplies;
    multiply_staged<Tile, InnerB>(
        static_cast<int>(blocks_for(place.depth, SideA::kDepth)),
        [&](int step, int4* tile_a, int4* tile_b) {
          const int64_t begin = static_cast<int64_t>(step) * SideA::kDepth;
          side_a.fetch(tile_a, begin, place.depth - begin);
          side_b.fetch(tile_b, begin, place.depth - begin);
        },
        multiplies, sums);

    const int64_t column = place.column + run_column<Tile>();
    float* part = call.parts == nullptr ? nullptr : call.parts + blockIdx.z * product.m * product.n;
    void* c = offset_by(product.c, product.number, start.of[2]);
    for_each_run<Tile>(sums, [&](int down, const Eight& values) {
      const int64_t row = place.row + down;
      if (row >= product.m || column >= product.n) return;
      const int count = clamp_count(product.n - column, 8);
      if (part != nullptr) {
        write_eight(part, Number::F32, row * product.n + column, count, values);
      } else {
        store_products(product, c, row, column, count, values);
      }
    });
  }
}

template <class E, class Product, class Tile>
void launch_mma_tile(const MmaCall& call, const MmaCut& cut, void* stream) {
  const GemmCall& product = call.product;
  const Grid grid = mma_grid<Tile>(product.m, product.n, product.batch.elements, cut);
  const bool inner = product.b.column != 1;
  launch(inner ? gemm_mma_kernel<E, Product, Tile, true> : gemm_mma_kernel<E, Product, Tile, false>, grid, stream,
         call);
}

template <class E, class Product>
void launch_mma_tiles(const MmaCall& call, const MmaCut& cut, void* stream) {
  if (cut.rows == 64) return launch_mma_tile<E, Product, MmaTile<64, 64, 32>>(call, cut, stream);
  if (cut.columns == 64) return launch_mma_tile<E, Product, MmaTile<128, 64, 64>>(call, cut, stream);
  launch_mma_tile<E, Product, MmaTile<128, 128, 64>>(call, cut, stream);
}

/// Whether every vector along `along` begins at a multiple of 16 bytes; `which` operand of the batch it is, of elements
/// of `bytes`.
inline bool lies_in_vectors(const GemmOperand& operand, int64_t along, int64_t across, const Walk<3>& batch, int which,
                            int64_t bytes) {
  const int64_t vector = kMmaVectorBytes / bytes;
  bool whole = along == 1 && across % vector == 0 && reinterpret_cast<uintptr_t>(operand.data) % kMmaVectorBytes == 0;
  for (int axis = 0; axis < batch.rank; ++axis) whole = whole && batch.steps[axis].of[which] % vector == 0;
  return whole;
}

inline MmaCall mma_call(const GemmCall& call, const MmaCut& cut, float* workspace, int64_t bytes) {
  const bool inner = call.b.column != 1;
  const int64_t along = inner ? call.b.row : call.b.column, across = inner ? call.b.column : call.b.row;
  return {call, lies_in_vectors(call.a, call.a.column, call.a.row, call.batch, 0, bytes),
          lies_in_vectors(call.b, along, across, call.batch, 1, bytes), cut.split_depth,
          cut.splits > 1 ? workspace : nullptr};
}

/// Sums up the parts of c, if it has any.
void join_mma_parts(const GemmCall& call, const MmaCut& cut, const float* parts, void* stream);

}  // namespace mica::cuda
