#include "kernels/conv/channels_last_conv.h"

#include <algorithm>
#include <cstring>

#include "backends/cpu/thread_pool.h"
#include "kernels/conv/channels_last_windows.h"
#include "kernels/conv/line_conv.h"
#include "kernels/conv/window_rows.h"
#include "kernels/conv/winograd.h"
#include "kernels/matmul/gemm.h"
#include "kernels/matmul/tile_simd.h"
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

void convolve_by_products(const Operands& io, const ConvGeometry& g, const FloatConv& conv,
                          const ChannelsLastFilters& filters, const float* packed) {
  const int64_t depth = g.channels * g.taps(), rows = g.batch * g.outputs();
  const int64_t x_row = g.channels * g.groups, y_row = g.filters * g.groups;
  const WindowFiller filler(g, conv.x);
  const auto fill = [&](const RowBlock& block, float* to) { filler(block, to); };
  const FillRows fill_rows = fill;
  const bool in_place = is_pointwise(g);
  gemm_each(io, g.groups, [&](int64_t group) {
    Product p{rows, g.filters, depth, {conv.x + group * g.channels, x_row, 1}};
    if (!in_place) {
      p.fill_a = &fill_rows;
      p.fill_index = group;
    }
    p.packed_b = filters.group(packed, group);
    p.c = conv.y + group * g.filters;
    p.c_row = y_row;
    p.epilogue = conv.epilogue;
    if (conv.bias != nullptr) p.epilogue.addends[0] = {conv.bias + group * g.filters, 0, 1};
    if (conv.addend != nullptr) p.epilogue.addends[1] = {conv.addend + group * g.filters, y_row, 1};
    return p;
  });
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
    if (activates) tile_kernels().activate(conv.epilogue, call.y, channels, run.count, channels);
  });
}

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

}  // namespace

ChannelsLastFilters::ChannelsLastFilters(const ConvParams& op, const Shape& weights)
    : groups_(op.group),
      filters_(weights[0] / op.group),
      channels_(weights[1]),
      taps_(weights.elements(2, weights.rank())),
      way_(Way::Products) {
  const auto are_ones = [](const std::vector<int64_t>& list) {
    return std::ranges::all_of(list, [](int64_t x) { return x == 1; });
  };
  if (channels_ == 1 && filters_ == 1 && groups_ > 1) {
    way_ = Way::Depthwise;
  } else if (groups_ == 1 && weights.rank() == 4 && weights[2] == 3 && weights[3] == 3 && are_ones(op.strides) &&
             are_ones(op.dilations) && winograd_pays(channels_, filters_)) {
    way_ = Way::Winograd;
  }
}

int64_t ChannelsLastFilters::elements() const {
  switch (way_) {
    case Way::Depthwise:
      return groups_ * taps_;
    case Way::Winograd:
      return winograd_elements(channels_, filters_);
    case Way::Products:
      break;
  }
  return groups_ * packed_elements(depth(), filters_);
}

void ChannelsLastFilters::pack(const float* w, float* to) const {
  if (way_ == Way::Winograd) return pack_winograd(w, channels_, filters_, to);
  if (way_ == Way::Depthwise) {
    for (int64_t tap = 0; tap < taps_; ++tap) {
      for (int64_t i = 0; i < groups_; ++i) to[tap * groups_ + i] = w[i * taps_ + tap];
    }
    return;
  }
  std::vector<float> turned(static_cast<size_t>(filters_ * depth()));  // [filter, tap, channel]
  for (int64_t group = 0; group < groups_; ++group) {
    float* element = turned.data();
    for (int64_t i = 0; i < filters_; ++i, w += depth()) {
      for (int64_t tap = 0; tap < taps_; ++tap) {
        for (int64_t c = 0; c < channels_; ++c) *element++ = w[c * taps_ + tap];
      }
    }
    mica::pack({turned.data(), 1, depth()}, depth(), filters_, to + group * packed_elements(depth(), filters_));
  }
}

const float* ChannelsLastFilters::group(const float* packed, int64_t index) const {
  return packed + index * packed_elements(depth(), filters_);
}

void convolve_channels_last(const Operands& io, const ConvGeometry& given, const FloatConv& given_conv,
                            const ChannelsLastFilters& filters, const float* packed) {
  if (given.outputs() == 0 || given.batch == 0) return;
  const ConvGeometry g = squeezed(given);
  const bool by_lines = filters.way() == ChannelsLastFilters::Way::Products && !is_pointwise(g) && goes_by_lines(g);
  if (by_lines) return convolve_by_lines(io, g, given_conv, packed);
  const FloatConv conv = given_conv.x_channels_first ? with_channels_last(io, g, given_conv) : given_conv;
  switch (filters.way()) {
    case ChannelsLastFilters::Way::Depthwise:
      return convolve_depthwise(io, g, conv, packed);
    case ChannelsLastFilters::Way::Winograd:
      return convolve_winograd(io, g, conv, packed);
    case ChannelsLastFilters::Way::Products:
      break;
  }
  convolve_by_products(io, g, conv, filters, packed);
}

}  // namespace mica
