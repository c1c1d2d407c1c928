// Convolutions on tensor cores as products of tiles, whatever their elements: one side has the windows of output
// positions, which are gathered from images as they are read, the other filters. Sums run over taps and, within a tap,
// over channels, a vector of 16 bytes at a time.
#pragma once

#include "kernels/conv/conv_mma_cuda.h"
#include "kernels/conv/conv_pixel.cuh"
#include "kernels/matmul/gemm_cuda.h"
#include "kernels/matmul/mma_tile.cuh"

namespace mica::cuda {

/// How the threads of a block move tiles of windows of `Lines` output positions, of elements E.
template <class E, int Lines, int Threads>
class WindowSide {
 public:
  static constexpr int kVector = kMmaVectorBytes / static_cast<int>(sizeof(E));

  /// `x` is of channel 0 of the group. What is outside of it reads as elements of the words `outside`.
  __device__ WindowSide(const ConvShape& shape, const Divisor& by_vectors, const E* x, uint32_t pixel0,
                        uint32_t outside)
      : shape_(shape), by_vectors_(by_vectors), x_(x), outside_(outside) {
#pragma unroll
    for (int i = 0; i < kLoads; ++i) own_[i] = conv_pixel(shape, pixel0 + static_cast<uint32_t>(line_of(i)));
  }

  /// Begins to move vectors `begin` to `begin` + 4 of each window, of which those before `end` are there, to `tile`.
  __device__ void fetch(int4* tile, int32_t begin, int32_t end) const {
    const int vector = static_cast<int>(threadIdx.x % kMmaVectors);
    const uint32_t number = static_cast<uint32_t>(begin + vector), tap = by_vectors_.divide(number);
    const int32_t per_tap = shape_.channels / kVector;
    const int32_t channel = static_cast<int32_t>(number - tap * static_cast<uint32_t>(per_tap)) * kVector;
    const DeviceWindow::Place distance = shape_.tap_at(tap);
    const E* from = x_ + shape_.offset(distance) + channel;
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      int4* to = tile + place_along_depth(line_of(i), vector);
      const bool inside = begin + vector < end && shape_.holds(own_[i].start, distance);
      if (inside || outside_ == 0 || begin + vector >= end) {
        copy_async(to, inside ? from + own_[i].x : x_, inside ? kMmaVectorBytes : 0);
      } else {
        const int word = static_cast<int>(outside_);
        *to = int4{word, word, word, word};
      }
    }
  }

 private:
  static constexpr int kLoads = Lines * kMmaVectors / Threads;
  __device__ static int line_of(int i) {
    return static_cast<int>(threadIdx.x) / kMmaVectors + i * (Threads / kMmaVectors);
  }

  const ConvShape& shape_;
  const Divisor& by_vectors_;
  const E* x_;
  uint32_t outside_;
  ConvPixel own_[kLoads];
};

/// A vector of images as they are convolved on tensor cores: number `to`, made of the channels of a group from
/// `channel` on, of which the first lies at `from`. Neighbours read neighbours.
struct ImageVector {
  int64_t from, to, channel;
};
__device__ inline ImageVector image_vector(const ImagesShape& shape, int64_t i, int size) {
  const int64_t across = blocks_for(shape.channels, size), vectors = across * shape.groups;
  const int64_t image = i / (vectors * shape.positions), rest = i - image * vectors * shape.positions;
  const bool last = shape.x_channel == 1;
  const int64_t position = last ? rest / vectors : rest % shape.positions;
  const int64_t vector = last ? rest - position * vectors : rest / shape.positions;
  const int64_t group = vector / across, channel = (vector - group * across) * size;
  return {image * shape.x_batch + position * shape.x_position + (group * shape.channels + channel) * shape.x_channel,
          (image * shape.positions + position) * vectors + vector, channel};
}
/// How many there are.
constexpr int64_t image_vectors(const ImagesShape& shape, int size) {
  return blocks_for(shape.channels, size) * shape.groups * shape.positions * shape.batch;
}

/// What a block does: the tile of group `group` that it computes, of a matrix of pixels by filters or, without
/// `pixel_rows`, of filters by pixels.
struct ConvTilePlace {
  int64_t row, column;    ///< where it begins
  int64_t rows, columns;  ///< of the whole matrix
};
template <class Tile, bool pixel_rows>
__device__ ConvTilePlace conv_tile_place(const ConvShape& shape) {
  const int64_t pixels = static_cast<int64_t>(shape.batch) * shape.outputs;
  ConvTilePlace place{0, 0, pixel_rows ? pixels : shape.filters, pixel_rows ? shape.filters : pixels};
  const TilePlace tile =
      tile_place(blockIdx.x, blocks_for(place.rows, Tile::kRows), blocks_for(place.columns, Tile::kColumns));
  place.row = tile.row * Tile::kRows;
  place.column = tile.column * Tile::kColumns;
  return place;
}

/// Sums of a tile of one group; k from vector `first` to `end` of each window.
template <class E, class Tile, bool pixel_rows, class Product, class Call>
__device__ void multiply_windows(const Call& call, const ConvTilePlace& place, int32_t group, int32_t first,
                                 int32_t end, uint32_t outside, Product& product,
                                 MmaSums<Tile, typename Product::Sum>& sums) {
  constexpr int kVector = kMmaVectorBytes / static_cast<int>(sizeof(E));
  constexpr int kPixels = pixel_rows ? Tile::kRows : Tile::kColumns;
  constexpr int kFilters = pixel_rows ? Tile::kColumns : Tile::kRows;
  const ConvShape& shape = call.conv;
  const int64_t depth = static_cast<int64_t>(shape.channels) * shape.taps;
  const int64_t pixel0 = pixel_rows ? place.row : place.column, filter0 = pixel_rows ? place.column : place.row;
  const WindowSide<E, kPixels, Tile::kThreads> windows(
      shape, call.by_vectors, static_cast<const E*>(call.conv.x) + static_cast<int64_t>(group) * shape.channels,
      static_cast<uint32_t>(pixel0), outside);
  const E* w = static_cast<const E*>(call.conv.w) + (static_cast<int64_t>(group) * shape.filters + filter0) * depth;
  const MmaSide<E, kFilters, Tile::kThreads, true> filters(w, depth, 1, shape.filters - filter0, true);
  multiply_staged<Tile, true>(
      static_cast<int>(blocks_for(end - first, kMmaVectors)),
      [&](int step, int4* tile_a, int4* tile_b) {
        const int32_t begin = first + step * kMmaVectors;
        windows.fetch(pixel_rows ? tile_a : tile_b, begin, end);
        filters.fetch(pixel_rows ? tile_b : tile_a, static_cast<int64_t>(begin) * kVector,
                      static_cast<int64_t>(end - begin) * kVector);
      },
      product, sums);
}

/// Calls store(pixel, filter of the group, count, values) for runs of up to 8 neighbours in y: filters of a pixel or,
/// without `pixel_rows`, positions of one image.
template <bool pixel_rows, class Store, class Values>
__device__ void store_run(const ConvShape& shape, const ConvTilePlace& place, int64_t row, int64_t column,
                          const Values& values, Store&& store) {
  if (row >= place.rows || column >= place.columns) return;
  const int count = clamp_count(place.columns - column, 8);
  if constexpr (pixel_rows) {
    store(static_cast<uint32_t>(row), static_cast<int32_t>(column), count, values);
  } else {
    const uint32_t pixel = static_cast<uint32_t>(column), image = shape.by_outputs.divide(pixel);
    const int64_t left = static_cast<int64_t>(shape.outputs) * (image + 1) - column;
    const int here = clamp_count(left, count);
    store(pixel, static_cast<int32_t>(row), here, values);
    for (int i = here; i < count; ++i) {  // of the next images
      Values one{};
      for (int j = 0; j < 8; ++j) one.of[0] = j == i ? values.of[j] : one.of[0];
      store(pixel + static_cast<uint32_t>(i), static_cast<int32_t>(row), 1, one);
    }
  }
}

template <class Tile>
Grid conv_mma_grid(const ConvShape& shape, bool pixel_rows, const MmaCut& cut) {
  const int64_t pixels = static_cast<int64_t>(shape.batch) * shape.outputs;
  return mma_grid<Tile>(pixel_rows ? pixels : shape.filters, pixel_rows ? shape.filters : pixels, shape.groups, cut);
}

}  // namespace mica::cuda
