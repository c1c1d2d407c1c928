#include "kernels/conv/channels_last_conv.h"

#include <algorithm>
#include <cstring>

#include "backends/cpu/thread_pool.h"
#include "kernels/conv/channels_last_windows.h"
#include "kernels/conv/line_conv.h"
#include "kernels/conv/window_rows.h"
#include "kernels/conv/winograd.h"
#include "kernels/matmul/activate_simd.h"
#include "kernels/matmul/bf16_pack_simd.h"
#include "kernels/matmul/bf16_tile_simd.h"
#include "kernels/matmul/gemm.h"
#include "kernels/matmul/gemm_kernels.h"
#include "kernels/shape/transpose_words.h"

namespace mica {
namespace {

// Fills rows of a left operand with windows: row `position` of all images has, tap by tap, the channels of one group.
class WindowFiller {
 public:
  WindowFiller(const ConvGeometry& g, const float* x)
      : g_(g), kernels_(window_kernels()), x_(x), all_channels_(g.channels * g.groups) {
    const WindowAxis& axis = g.axes[g.rank - 1];
    // Taps side by side of all channels lie side by side too.
    joined_ = g.groups == 1 && axis.dilation == 1 ? axis.kernel : 1;
  }

  void operator()(const RowBlock& block, float* to) const {
    const int64_t positions = g_.outputs(), width = g_.axes[g_.rank - 1].output;
    const int64_t end = block.i0 + block.m;
    for (int64_t i = block.i0; i < end;) {
      const int64_t column = i % width, count = std::min(width - column, end - i);
      const int64_t image = i / positions, line = i % positions / width;
      fill_line(block, x_ + image * g_.inputs() * all_channels_ + block.index * g_.channels, line, column, count,
                to + (i - block.i0) * block.row);
      i += count;
    }
  }

 private:
  // Windows of `count` outputs of a line from `column` on.
  void fill_line(const RowBlock& block, const float* image, int64_t line, int64_t column, int64_t count,
                 float* to) const {
    const WindowAxis& axis = g_.axes[g_.rank - 1];
    const int64_t tap_lines = g_.taps() / axis.kernel, chunk = joined_ * g_.channels;
    for (int64_t v = 0; v < tap_lines; ++v) {
      const int64_t x_line = input_line(g_, line, v);
      for (int64_t tap = 0; tap < axis.kernel; tap += joined_) {
        // Elements of k that the chunk has in this block.
        const int64_t first = (v * axis.kernel + tap) * g_.channels;
        const int64_t begin = std::max(first, block.k0), end = std::min(first + chunk, block.k0 + block.k);
        if (begin >= end) continue;
        const Chunk part{tap, begin - first, end - begin};
        float* chunk_to = to + (begin - block.k0);
        if (x_line < 0) {
          clear(chunk_to, block.row, count, part.width);
        } else {
          fill_chunk(image + x_line * axis.input * all_channels_, part, column, count, chunk_to, block.row);
        }
      }
    }
  }

  // `width` elements from element `begin` of the channels of `tap` and those that are joined to it.
  struct Chunk {
    int64_t tap, begin, width;
  };

  void fill_chunk(const float* x, const Chunk& chunk, int64_t column, int64_t count, float* to, int64_t to_row) const {
    const WindowAxis& axis = g_.axes[g_.rank - 1];
    // Outputs for which all of the joined taps lie inside the input.
    const Range first = axis.outputs_of(chunk.tap), last = axis.outputs_of(chunk.tap + joined_ - 1);
    const bool none = first.size() == 0 || last.size() == 0;
    const int64_t inside_begin = none ? column : std::clamp(first.begin, column, column + count);
    const int64_t inside_end = none ? column : std::clamp(last.end, inside_begin, column + count);
    const auto start = [&](int64_t o) { return axis.start(o) + chunk.tap * axis.dilation; };
    const auto edge = [&](int64_t from, int64_t until) {
      for (int64_t o = from; o < until; ++o) {
        float* row = to + (o - column) * to_row;
        const int64_t low = std::clamp(-start(o) * g_.channels - chunk.begin, int64_t{0}, chunk.width);
        const int64_t high = std::clamp((axis.input - start(o)) * g_.channels - chunk.begin, low, chunk.width);
        std::fill_n(row, low, 0.0f);
        if (low < high) {
          std::memcpy(row + low, x + start(o) * all_channels_ + chunk.begin + low,
                      static_cast<size_t>(high - low) * sizeof(float));
        }
        std::fill_n(row + high, chunk.width - high, 0.0f);
      }
    };
    edge(column, inside_begin);
    if (inside_begin < inside_end) {
      kernels_.copy(x + start(inside_begin) * all_channels_ + chunk.begin, axis.stride * all_channels_,
                    to + (inside_begin - column) * to_row, to_row, inside_end - inside_begin, chunk.width);
    }
    edge(inside_end, column + count);
  }

  static void clear(float* to, int64_t to_row, int64_t rows, int64_t width) {
    for (int64_t i = 0; i < rows; ++i) std::fill_n(to + i * to_row, width, 0.0f);
  }

  const ConvGeometry& g_;
  const WindowKernels& kernels_;
  const float* x_;
  int64_t all_channels_;
  int64_t joined_;  ///< taps of a chunk
};

// Whether every window is one place of the image.
bool sees_one_place(const ConvGeometry& g) {
  return std::all_of(g.axes.begin(), g.axes.begin() + g.rank, [](const WindowAxis& axis) {
    return axis.kernel == 1 && axis.pad == 0 && axis.start(axis.output - 1) < axis.input;
  });
}

// Fills rows of a left operand with the channels that windows of one place see, as pairs of bfloat16.
class PlaceRounder {
 public:
  PlaceRounder(const ConvGeometry& g, const float* x) : g_(g), x_(x), all_channels_(g.channels * g.groups) {}

  void operator()(const RowBlock& block, float* to) const {
    const WindowAxis& axis = g_.axes[g_.rank - 1];
    const int64_t positions = g_.outputs();
    const auto round = bf16_pack_kernels().row;
    for (int64_t i = block.i0; i < block.i0 + block.m;) {
      const int64_t column = i % axis.output, count = std::min(axis.output - column, block.i0 + block.m - i);
      const int64_t line = g_.rank == 1 ? 0 : g_.axes[0].start(i % positions / axis.output);
      const int64_t place = i / positions * g_.inputs() + line * axis.input + axis.start(column);
      const float* from = x_ + place * all_channels_ + block.index * g_.channels + 2 * block.k0;
      for (int64_t n = 0; n < count; ++n, from += axis.stride * all_channels_, to += block.row) {
        round(from, 2 * block.k, to);
      }
      i += count;
    }
  }

 private:
  const ConvGeometry& g_;
  const float* x_;
  int64_t all_channels_;
};

// `fill` makes the rows of the left operands, of `depth` elements; null: they are those of x, where they lie.
void convolve_by_products(const Operands& io, const GemmKernels& kernels, const ConvGeometry& g, int64_t depth,
                          const FloatConv& conv, const FillRows* fill, const ChannelsLastFilters& filters,
                          const float* packed) {
  const int64_t rows = g.batch * g.outputs(), x_row = g.channels * g.groups, y_row = g.filters * g.groups;
  gemm_each(io, kernels, g.groups, [&](int64_t group) {
    Product p{rows, g.filters, depth, {conv.x + group * g.channels, x_row, 1}};
    p.fill_a = fill;
    p.fill_index = group;
    p.packed_b = filters.group(packed, group);
    p.c = conv.y + group * g.filters;
    p.c_row = y_row;
    p.epilogue = conv.epilogue;
    if (conv.bias != nullptr) p.epilogue.addends[0] = {conv.bias + group * g.filters, 0, 1};
    if (conv.addend != nullptr) p.epilogue.addends[1] = {conv.addend + group * g.filters, y_row, 1};
    return p;
  });
}

void convolve_windows(const Operands& io, const GemmKernels& kernels, const ConvGeometry& g, const FloatConv& conv,
                      const ChannelsLastFilters& filters, const float* packed) {
  const WindowFiller filler(g, conv.x);
  const auto fill = [&](const RowBlock& block, float* to) { filler(block, to); };
  const FillRows fill_rows = fill;
  convolve_by_products(io, kernels, g, g.channels * g.taps(), conv, is_pointwise(g) ? nullptr : &fill_rows, filters,
                       packed);
}

// Pairs of channels of bfloat16 are the channels of an image of half as many, in the bits of floats.
void convolve_in_bf16(const Operands& io, ConvGeometry g, FloatConv conv, const ChannelsLastFilters& filters,
                      const float* packed) {
  GemmKernels kernels;
  kernels.tile = &bf16_tile_kernels();
  if (sees_one_place(g)) {
    const PlaceRounder rounder(g, conv.x);
    const auto fill = [&](const RowBlock& block, float* to) { rounder(block, to); };
    const FillRows fill_rows = fill;
    return convolve_by_products(io, kernels, g, g.channels / 2, conv, &fill_rows, filters, packed);
  }
  const int64_t pairs = g.batch * g.inputs() * g.groups * g.channels / 2;
  float* rounded = io.scratch<float>(pairs);
  io.threads().parallel_for(pairs, 16384, [&](int64_t begin, int64_t end) {
    bf16_pack_kernels().row(conv.x + 2 * begin, 2 * (end - begin), rounded + begin);
  });
  conv.x = rounded;
  g.channels /= 2;
  goes_by_lines(g) ? convolve_by_lines(io, kernels, g, conv, packed)
                   : convolve_windows(io, kernels, g, conv, filters, packed);
}

void convolve_depthwise(const Operands& io, const ConvGeometry& g, const FloatConv& conv, const float* w) {
  const int64_t channels = g.groups, line = g.axes[g.rank - 1].kernel * channels;
  const bool activates = is_separate(conv.epilogue.activation);
  for_each_window_run(io.threads(), g, g.batch, channels, [&](const WindowRun& run) {
    WindowCall call = window_call(g, run, channels, conv.x, conv.y);
    call.w = w + run.lines.begin * line + run.columns.begin * channels;
    call.w_row = line;
    call.w_column = channels;
    call.bias = conv.bias;
    call.addend = conv.addend != nullptr ? conv.addend + (call.y - conv.y) : nullptr;
    call.bounds = bounds_of(conv.epilogue);
    window_kernels().depthwise(call);
    if (activates) activate_kernels().activate(conv.epilogue, call.y, channels, run.count, channels);
  });
}

}  // namespace

FloatConv with_channels_last(const Operands& io, const ConvGeometry& g, FloatConv conv) {
  const int64_t channels = g.channels * g.groups, plane = g.inputs();
  auto* moved = io.scratch<uint32_t>(g.batch * plane * channels);
  for (int64_t i = 0; i < g.batch; ++i) {
    const auto* image = reinterpret_cast<const uint32_t*>(conv.x) + i * plane * channels;
    transpose_words(image, plane, channels, plane, moved + i * plane * channels, channels);
  }
  conv.x = reinterpret_cast<const float*>(moved);
  conv.x_channels_first = false;
  return conv;
}

void convolve_channels_last(const Operands& io, const ConvGeometry& given, const FloatConv& given_conv,
                            const ChannelsLastFilters& filters, const float* packed) {
  if (given.outputs() == 0 || given.batch == 0) return;
  const ConvGeometry g = squeezed(given);
  const bool products = filters.way() == ChannelsLastFilters::Way::Products;
  const bool by_lines = products && !filters.in_bf16() && !is_pointwise(g) && goes_by_lines(g);
  if (by_lines) return convolve_by_lines(io, {}, g, given_conv, packed);
  const FloatConv conv = given_conv.x_channels_first ? with_channels_last(io, g, given_conv) : given_conv;
  switch (filters.way()) {
    case ChannelsLastFilters::Way::Depthwise:
      return convolve_depthwise(io, g, conv, packed);
    case ChannelsLastFilters::Way::Winograd:
      return convolve_winograd(io, g, conv, packed, filters.in_bf16());
    case ChannelsLastFilters::Way::Products:
      break;
  }
  filters.in_bf16() ? convolve_in_bf16(io, g, conv, filters, packed)
                    : convolve_windows(io, {}, g, conv, filters, packed);
}

void convolve_channels_last(const Operands& io, const ConvGeometry& g, const FloatConv& conv,
                            const ChannelsLastFilters& filters, const Tensor& w) {
  float* packed = io.scratch<float>(filters.elements());
  filters.pack(w, 0, filters.parts(), packed);
  convolve_channels_last(io, g, conv, filters, packed);
}

}  // namespace mica
