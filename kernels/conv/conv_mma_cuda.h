// Launchers of the CUDA kernels of convolutions on tensor cores.
#pragma once

#include "kernels/conv/conv_cuda.h"
#include "kernels/matmul/gemm_mma_tile.h"

namespace mica::cuda {

/// Channels of a group in whole vectors of `vector` elements.
constexpr int64_t whole_vectors(int64_t channels, int64_t vector) {
  return (channels + vector - 1) / vector * vector;
}

/// How the product of `pixels` windows by the filters of a group, sums of `depth` elements, is cut up, into rows of
/// pixels and columns of filters or the other way round. Tiles for few filters are small.
constexpr MmaCut conv_mma_cut(int64_t pixels, int64_t filters, int64_t depth, int64_t groups, int64_t tile_depth) {
  const auto blocks = [&](int64_t side) { return (pixels + side - 1) / side * ((filters + side - 1) / side) * groups; };
  if (filters > 64 && blocks(128) >= kMmaEnoughBlocks) return {128, 128, 1, depth};
  return small_mma_cut(blocks(64), depth, groups, tile_depth);
}

/// Images, and how they lie.
struct ImagesShape {
  int32_t batch, positions, groups, channels;  ///< channels: of a group
  int64_t x_batch, x_position, x_channel;      ///< elements of x between neighbours
};

/// y = images as they are convolved on tensor cores: [image, position, group, channels of a group in whole vectors of
/// 8], what fills the vectors being 0.
struct ImagesCall : ImagesShape {
  Number from, to;  ///< floats of up to 32 bits
  const void* x;
  void* y;
};
void launch_images(const ImagesCall& call, void* stream);

/// The convolution `conv` of images made by launch_images, of which its x and its steps in x are, with weights
/// [filters of all groups, taps, channels in whole vectors]; both of type `operands`, F16 or BF16, and bias, addend and
/// y of conv.number. conv.channels is whole vectors too. `workspace` is of conv_workspace floats. Needs compute
/// capability kHalfProducts or kBrainProducts (kernels/cuda/number.h).
void launch_conv_mma(const ConvCall& conv, Number operands, const MmaCut& cut, float* workspace, void* stream);

/// The same of floats that are rounded to tf32 as they are multiplied. Needs kTf32Products.
void launch_conv_tf32(const ConvCall& conv, const MmaCut& cut, float* workspace, void* stream);

/// Numbers of device memory that the convolution needs.
constexpr int64_t conv_workspace(const MmaCut& cut, int64_t pixels, int64_t filters) {
  return cut.splits > 1 ? cut.splits * pixels * filters : 0;
}

}  // namespace mica::cuda
