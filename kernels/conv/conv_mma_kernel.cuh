// Convolutions of floats on tensor cores, whatever their elements, summed in float.
#pragma once

#include "kernels/conv/conv_mma_tile.cuh"
#include "kernels/cuda/elements.cuh"
#include "kernels/matmul/gemm_epilogue.cuh"
#include "kernels/matmul/quad_columns.cuh"

namespace mica::cuda {

struct ConvMmaCall {
  ConvCall conv;
  Divisor by_vectors;     ///< of a tap
  int32_t split_vectors;  ///< of the windows' vectors, to each part of k
  float* parts;           ///< of the matrix that is stored, one for each part of k; null where k is whole
};

/// `count` neighbours in y from `pixel` and `filter`, of all groups, on.
__device__ __noinline__ inline void store_conv(const ConvCall& call, uint32_t pixel, int32_t filter, int count,
                                               Eight sums) {
  const int64_t place = conv_output(call, pixel, filter);
  if (call.bias != nullptr) {
    const Eight bias = read_eight(call.bias, call.number, filter, call.y_channel == 1 ? 1 : 0, count);
#pragma unroll
    for (int i = 0; i < 8; ++i) sums.of[i] += bias.of[i];
  }
  if (call.addend != nullptr) {
    const Eight more = read_eight(call.addend, call.number, place, 1, count);
#pragma unroll
    for (int i = 0; i < 8; ++i) sums.of[i] += more.of[i];
  }
  if (call.activation != Epilogue::Activation::None) {
#pragma unroll 1
    for (int i = 0; i < 8; ++i) sums.of[i] = activate(call.activation, call.low, call.high, sums.of[i]);
  }
  write_eight(call.y, call.number, place, count, sums);
}

/// `Product` multiplies elements that lie in memory as E do.
template <class E, class Product, class Tile, bool pixel_rows>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kBlocks)
    conv_mma_kernel(const __grid_constant__ ConvMmaCall call) {
  if constexpr (!Product::kPossible) return;
  const ConvCall& conv = call.conv;
  const ConvTilePlace place = conv_tile_place<Tile, pixel_rows>(conv);
  const int32_t all = conv.channels / (kMmaVectorBytes / static_cast<int32_t>(sizeof(E))) * conv.taps;
  const int32_t first = static_cast<int32_t>(blockIdx.z) * call.split_vectors;
  const int32_t end = all - first < call.split_vectors ? all : first + call.split_vectors;
  for (int32_t group = static_cast<int32_t>(blockIdx.y); group < conv.groups;
       group += static_cast<int32_t>(gridDim.y)) {
    MmaSums<Tile, float> sums = {};
    Product product;
    multiply_windows<E, Tile, pixel_rows>(call, place, group, first, end, 0u, product, sums);
    float* part = call.parts == nullptr ? nullptr : call.parts + blockIdx.z * place.rows * place.columns;
    const int64_t column = place.column + Tile::warp_column() + Tile::lane() % 4 * 8;
#pragma unroll
    for (int i = 0; i < Tile::kRowTiles; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const Eight values = quad_columns(&sums[i][0][0], half);
        const int64_t row = place.row + Tile::warp_row() + 16 * i + 8 * half + Tile::lane() / 4;
        if (part != nullptr) {
          if (row >= place.rows || column >= place.columns) continue;
          write_eight(part, Number::F32, row * place.columns + column, clamp_count(place.columns - column, 8), values);
        } else {
          store_run<pixel_rows>(conv, place, row, column, values,
                                [&](uint32_t pixel, int32_t filter, int count, const Eight& run) {
                                  store_conv(conv, pixel, group * conv.filters + filter, count, run);
                                });
        }
      }
    }
  }
}

/// Sums up the parts of a convolution of one group, if it has any, always in the same order.
void join_conv_parts(const ConvMmaCall& call, const MmaCut& cut, bool pixel_rows, void* stream);

template <class E, class Product, bool pixel_rows>
void launch_conv_layout(const ConvMmaCall& call, const MmaCut& cut, void* stream) {
  using Large = MmaTile<128, 128, 64>;
  using Small = MmaTile<64, 64, 32>;
  const auto launch_tile = [&]<class Tile>() {
    launch(conv_mma_kernel<E, Product, Tile, pixel_rows>, conv_mma_grid<Tile>(call.conv, pixel_rows, cut), stream,
           call);
  };
  cut.rows == 128 ? launch_tile.template operator()<Large>() : launch_tile.template operator()<Small>();
}

/// With `pixel_rows` if filters are neighbours in y, without if positions are.
template <class E, class Product, bool pixel_rows>
void launch_convolution(const ConvCall& conv, const MmaCut& cut, float* workspace, void* stream) {
  constexpr int32_t kVector = kMmaVectorBytes / static_cast<int32_t>(sizeof(E));
  if (int64_t{1} * conv.batch * conv.outputs * conv.all_filters() == 0) return;
  const int32_t per_tap = conv.channels / kVector;
  const ConvMmaCall call{conv, Divisor(static_cast<uint32_t>(per_tap > 0 ? per_tap : 1)),
                         static_cast<int32_t>(cut.split_depth / kVector), cut.splits > 1 ? workspace : nullptr};
  launch_conv_layout<E, Product, pixel_rows>(call, cut, stream);
  join_conv_parts(call, cut, pixel_rows, stream);
}

}  // namespace mica::cuda
