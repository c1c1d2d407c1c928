// Convolutions as products of tiles that are gathered from images as they are read ("implicit GEMM"), and directly.
// `Elements` says what is convolved: its types Call, a ConvShape, and W, of the sums; kSmallTiles, whether there are
// tiles for small images too; and static functions
//   W x(call, place)   W w(call, place, filter)   void store(call, place in y, filter, sum)
#pragma once

#include "kernels/conv/conv_pixel.cuh"
#include "kernels/cuda/element.cuh"
#include "kernels/matmul/gemm_cuda.h"
#include "kernels/matmul/simt_tile.cuh"

namespace mica::cuda {

/// A block computes Side pixels by Side filters of group blockIdx.y. Threads that are neighbours store neighbours of y.
template <class Elements, bool chunks, int Side, int Own>
__global__ void __launch_bounds__((Side / Own) * (Side / Own))
    conv_tile_kernel(const __grid_constant__ typename Elements::Call call) {
  using W = typename Elements::W;
  using Tile = SimtTile<W, Side, Own>;
  using Point = typename Tile::Point;
  const uint32_t pixels = static_cast<uint32_t>(call.batch) * static_cast<uint32_t>(call.outputs);
  const TilePlace tile = tile_place(blockIdx.x, blocks_for(pixels, Side), blocks_for(call.filters, Side));
  const uint32_t pixel0 = static_cast<uint32_t>(tile.row) * Side;
  const int32_t filter0 = static_cast<int32_t>(tile.column) * Side;
  const int thread = threadIdx.x, outer = thread / Tile::kAcross, inner = thread % Tile::kAcross;
  const bool filters_are_inner = call.y_channel == 1;
  const int down = filters_are_inner ? outer : inner, across = filters_are_inner ? inner : outer;

  for (int32_t group = blockIdx.y; group < call.groups; group += gridDim.y) {
    const int64_t first_channel = static_cast<int64_t>(group) * call.channels * call.x_channel;
    ConvPixel own[chunks ? Tile::kLoads : 1];
#pragma unroll
    for (int i = 0; i < (chunks ? Tile::kLoads : 1); ++i) {
      own[i] = conv_pixel(call, pixel0 + static_cast<uint32_t>(Tile::load_point(i, chunks).line));
    }
    const int32_t row = call.channels * call.taps;  // of the weights
    const int64_t depth = chunks ? blocks_for(call.channels, Tile::kDepth) * Tile::kDepth * call.taps : row;
    // Channel and tap of element k of the sums, in chunks for all points of a step the same but for the channel.
    const auto channel_and_tap = [&](uint32_t k, int32_t& channel, int32_t& tap) {
      const uint32_t step = chunks ? k / Tile::kDepth : k, quotient = call.by_taps.divide(step);
      tap = static_cast<int32_t>(step - quotient * static_cast<uint32_t>(call.taps));
      channel = static_cast<int32_t>(chunks ? quotient * Tile::kDepth + k % Tile::kDepth : quotient);
    };
    W sums[Own][Own] = {};
    Tile::multiply(
        depth, down, across, chunks, true,
        [&](int i, Point at, int64_t k0) {
          int32_t channel, tap;
          channel_and_tap(static_cast<uint32_t>(k0) + static_cast<uint32_t>(at.depth), channel, tap);
          const ConvPixel& pixel = own[chunks ? i : 0];
          const DeviceWindow::Place distance = call.tap_at(static_cast<uint32_t>(tap));
          if (channel >= call.channels || !call.holds(pixel.start, distance)) return W(0);
          return Elements::x(call, first_channel + pixel.x + call.offset(distance) + channel * call.x_channel);
        },
        [&](int, Point at, int64_t k0) {
          int32_t channel, tap;
          channel_and_tap(static_cast<uint32_t>(k0) + static_cast<uint32_t>(at.depth), channel, tap);
          const int32_t filter = filter0 + at.line;
          if (channel >= call.channels || filter >= call.filters) return W(0);
          const int32_t of_all = group * call.filters + filter;
          return Elements::w(call, static_cast<int64_t>(of_all) * row + channel * call.taps + tap, of_all);
        },
        sums);
    Tile::for_each(sums, down, across, [&](int i, int j, W sum) {
      const uint32_t pixel = pixel0 + static_cast<uint32_t>(i);
      const int32_t filter = filter0 + j, of_all = group * call.filters + filter;
      if (pixel < pixels && filter < call.filters) {
        Elements::store(call, conv_output(call, pixel, of_all), of_all, sum);
      }
    });
  }
}

/// An element of y: number `i` in the order in which they lie.
struct ConvElement {
  int32_t image, filter, position;
};
__device__ inline ConvElement conv_element(const ConvShape& shape, int64_t i) {
  const int32_t filters = shape.all_filters();
  const int64_t outer = i / (static_cast<int64_t>(filters) * shape.outputs);
  const uint32_t rest = static_cast<uint32_t>(i - outer * filters * shape.outputs);
  const Divisor& by = shape.y_channel == 1 ? shape.by_filters : shape.by_outputs;
  const uint32_t quotient = by.divide(rest);
  const uint32_t remainder = rest - quotient * static_cast<uint32_t>(shape.y_channel == 1 ? filters : shape.outputs);
  return shape.y_channel == 1
             ? ConvElement{static_cast<int32_t>(outer), static_cast<int32_t>(remainder), static_cast<int32_t>(quotient)}
             : ConvElement{static_cast<int32_t>(outer), static_cast<int32_t>(quotient),
                           static_cast<int32_t>(remainder)};
}

template <class Elements>
__global__ void conv_direct_kernel(const __grid_constant__ typename Elements::Call call) {
  using W = typename Elements::W;
  const int64_t elements = static_cast<int64_t>(call.batch) * call.all_filters() * call.outputs;
  for (int64_t i = first_element(); i < elements; i += element_stride()) {
    const auto [image, filter, position] = conv_element(call, i);
    const int64_t channel = static_cast<int64_t>(filter / call.filters) * call.channels;
    const DeviceWindow::Place start = call.window_at(static_cast<uint32_t>(position));
    const int64_t x = image * call.x_batch + call.offset(start) + channel * call.x_channel;
    const int64_t w = static_cast<int64_t>(filter) * call.channels * call.taps;
    W sum = 0;
    for (int32_t tap = 0; tap < call.taps; ++tap) {
      const DeviceWindow::Place distance = call.tap_at(static_cast<uint32_t>(tap));
      if (!call.holds(start, distance)) continue;
      const int64_t from = x + call.offset(distance);
      for (int32_t c = 0; c < call.channels; ++c) {
        sum += Elements::x(call, from + c * call.x_channel) *
               Elements::w(call, w + static_cast<int64_t>(c) * call.taps + tap, filter);
      }
    }
    Elements::store(call, image * call.y_batch + filter * call.y_channel + position * call.y_step, filter, sum);
  }
}

template <class Elements, bool chunks, int Side, int Own>
void launch_conv_tiles(const typename Elements::Call& call, void* stream) {
  const int64_t pixels = static_cast<int64_t>(call.batch) * call.outputs;
  const int64_t tiles = blocks_for(pixels, Side) * blocks_for(call.filters, Side);
  const unsigned groups = static_cast<unsigned>(call.groups < kMostBlocksYZ ? call.groups : kMostBlocksYZ);
  const Grid grid{static_cast<unsigned>(tiles), groups, 1, SimtTile<typename Elements::W, Side, Own>::kThreads};
  launch(conv_tile_kernel<Elements, chunks, Side, Own>, grid, stream, call);
}

template <class Elements, bool chunks>
void launch_conv_tiles(const typename Elements::Call& call, void* stream) {
  if constexpr (Elements::kSmallTiles) {
    constexpr int64_t kEnoughBlocks = 128;  // to keep a large GPU busy
    const int64_t pixels = static_cast<int64_t>(call.batch) * call.outputs;
    const int64_t blocks = blocks_for(pixels, 64) * blocks_for(call.filters, 64) * call.groups;
    if (blocks < kEnoughBlocks) return launch_conv_tiles<Elements, chunks, 32, 4>(call, stream);
  }
  launch_conv_tiles<Elements, chunks, 64, 4>(call, stream);
}

template <class Elements>
void launch_conv_of(const typename Elements::Call& call, void* stream) {
  const int64_t elements = static_cast<int64_t>(call.batch) * call.outputs * call.all_filters();
  if (elements == 0) return;
  switch (conv_way(call)) {
    case ConvWay::Chunks:
      return launch_conv_tiles<Elements, true>(call, stream);
    case ConvWay::Taps:
      return launch_conv_tiles<Elements, false>(call, stream);
    default:
      launch(conv_direct_kernel<Elements>, over_elements(elements), stream, call);
  }
}

}  // namespace mica::cuda
