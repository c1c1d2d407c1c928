#include "kernels/conv/int8_channels_last.h"

#include <cstring>

#include "backends/cpu/caches.h"
#include "kernels/conv/channels_last_windows.h"
#include "kernels/conv/int8_channel_units.h"
#include "kernels/conv/int8_windows_simd.h"
#include "kernels/conv/window_rows.h"
#include "kernels/round_up.h"

namespace mica {
namespace {

// What is added to and multiplied with the sums of each filter, padded as the weights are.
struct FilterTerms {
  int32_t* start;  // bias - (zero point of x) * (sum of the weights)
  float* scales;
  int32_t x_zero;  // as x is taken: unsigned
};

FilterTerms filter_terms(const Operands& io, const Int8ConvOperands& operands, const ChannelsLastBytes& weights,
                         const float* scales) {
  const int64_t sets = weights.sets(), filters = weights.set_filters(), pitch = weights.set_pitch();
  FilterTerms terms{};
  const int32_t shift = left_shift(operands.x.dtype() == DType::I8);
  const ZeroPoints x_zeros = repeat_zeros(io, operands.x_zero, 1, 1, 1, 1, shift);
  terms.x_zero = x_zeros.value;
  int32_t* start = io.scratch<int32_t>(sets * pitch);
  float* padded = io.scratch<float>(sets * pitch);
  zero_products(weights.sums(), sets * pitch, x_zeros, start);
  for (int64_t set = 0; set < sets; ++set) {
    for (int64_t i = 0; operands.bias != nullptr && i < filters; ++i) {
      int32_t& sum = start[set * pitch + i];
      sum = static_cast<int32_t>(static_cast<uint32_t>(sum) + static_cast<uint32_t>(operands.bias[set * filters + i]));
    }
    std::copy_n(scales + set * filters, filters, padded + set * pitch);
    std::fill_n(padded + set * pitch + filters, pitch - filters, 0.0f);
  }
  terms.start = start;
  terms.scales = padded;
  return terms;
}

// Columns or lines that all windows along an axis reach over.
int64_t extent(const WindowAxis& axis) {
  return (axis.output - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
}

WindowAxis line_axis(const ConvGeometry& g) {
  return g.rank == 1 ? WindowAxis{} : g.axes[0];
}

// x as packed rows: as it lies where that is possible, and else line by line with the padding that windows reach
// written out.
class ByteRows {
 public:
  ByteRows(const Operands& io, const ConvGeometry& g, const Int8ConvOperands& operands,
           const ChannelsLastBytes& weights)
      : lines_(line_axis(g)), columns_(g.axes[g.rank - 1]), channels_(g.channels * g.groups) {
    const Int8Kernels& kernels = int8_kernels();
    const uint8_t* x = operands.x.data<uint8_t>();
    const bool is_signed = operands.x.dtype() == DType::I8;
    const auto fits = [](const WindowAxis& axis) { return axis.pad == 0 && extent(axis) <= axis.input; };
    const bool inside = fits(lines_) && fits(columns_);
    const bool whole = weights.piece() % kernels.depth == 0;
    width_ = inside ? columns_.input : extent(columns_);
    height_ = inside ? lines_.input : extent(lines_);
    if (inside && whole && !is_signed && kernels.row_element == 1) {
      data_ = reinterpret_cast<const std::byte*>(x);
      return;
    }
    const int64_t count = g.batch * height_;
    // Pieces are read to whole steps, which weights of 0 meet: behind the last line too.
    const int64_t bytes = count * line() * kernels.row_element, behind = kernels.depth * kernels.row_element;
    std::byte* rows = io.scratch<std::byte>(bytes + behind);
    std::memset(rows + bytes, 0, static_cast<size_t>(behind));
    std::byte* padding = io.scratch<std::byte>((line() + kernels.depth) * kernels.row_element);
    const uint8_t zero = operands.x_zero != nullptr ? *operands.x_zero->data<uint8_t>() : 0;
    kernels.pack_row(&zero, 0, line(), left_flip(is_signed), padding);
    io.threads().parallel_for(count, 1 + 32768 / (line() + 1), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t source = i % height_ - lines_.pad;
        const uint8_t* from = source >= 0 && source < lines_.input
                                  ? x + (i / height_ * lines_.input + source) * columns_.input * channels_
                                  : nullptr;
        copy_line(from, left_flip(is_signed), padding, rows + i * line() * kernels.row_element);
      }
    });
    data_ = rows;
  }

  const std::byte* data() const { return data_; }
  int64_t line() const { return width_ * channels_; }  ///< elements from one line to the next
  int64_t image() const { return height_ * line(); }

 private:
  // `from` is null for a line of padding.
  void copy_line(const uint8_t* from, uint8_t flip, const std::byte* padding, std::byte* to) const {
    const Int8Kernels& kernels = int8_kernels();
    const int64_t left = from == nullptr ? width_ : std::min(columns_.pad, width_);
    const int64_t middle = from == nullptr ? 0 : std::min(columns_.input, width_ - left);
    const auto pad = [&](int64_t begin, int64_t count) {
      std::memcpy(to + begin * channels_ * kernels.row_element, padding,
                  static_cast<size_t>(count * channels_ * kernels.row_element));
    };
    pad(0, left);
    std::byte* copied = to + left * channels_ * kernels.row_element;
    if (middle > 0) pack(from, middle * channels_, flip, copied);
    pad(left + middle, width_ - left - middle);
  }

  // Exactly `count` elements: pack_row fills a last step, which belongs to the line behind.
  static void pack(const uint8_t* from, int64_t count, uint8_t flip, std::byte* to) {
    const Int8Kernels& kernels = int8_kernels();
    if (kernels.row_element == 1 && flip == 0) {
      std::memcpy(to, from, static_cast<size_t>(count));
      return;
    }
    const int64_t whole = count / kernels.depth * kernels.depth;
    kernels.pack_row(from, 1, whole, flip, to);
    if (whole == count) return;
    alignas(8) std::byte last[16];
    kernels.pack_row(from + whole, 1, count - whole, flip, last);
    std::memcpy(to + whole * kernels.row_element, last, static_cast<size_t>((count - whole) * kernels.row_element));
  }

  WindowAxis lines_, columns_;
  int64_t channels_;
  int64_t width_, height_;  ///< of an image as it is in `data_`
  const std::byte* data_;
};

// The product of windows with panels of weights, in tiles of a few outputs of one line by one panel.
class WindowProduct {
 public:
  WindowProduct(const Operands& io, const ConvGeometry& g, const Int8ConvOperands& operands,
                const ChannelsLastBytes& weights, const FilterResults& results, Tensor& y)
      : g_(g),
        weights_(weights),
        terms_(filter_terms(io, operands, weights, results.scales)),
        rows_(io, g, operands, weights),
        y_(y.mutable_data<uint8_t>()),
        y_zero_(results.zero),
        y_signed_(y.dtype() == DType::I8) {
    const WindowAxis lines = line_axis(g), columns = g.axes[g.rank - 1];
    const int64_t channels = g.channels * g.groups;
    int64_t* offsets = io.scratch<int64_t>(weights.pieces());
    for (int64_t i = 0; i < weights.pieces(); ++i) {
      offsets[i] = i / weights.line_pieces() * lines.dilation * rows_.line() +
                   i % weights.line_pieces() * columns.dilation * channels;
    }
    offsets_ = offsets;
    const bool merged = is_pointwise(g);  // all positions are one line
    outputs_ = merged ? g.batch * g.outputs() : columns.output;
    lines_ = merged ? 1 : g.batch * lines.output;
    line_outputs_ = lines.output;
    line_step_ = lines.stride * rows_.line();
    column_step_ = columns.stride * channels;
    line_blocks_ = ceil_div(outputs_, int8_kernels().rows);
    block_ = ceil_div(outputs_, line_blocks_);
    const int64_t block_bytes = block_ * g.channels * g.taps() * int8_kernels().row_element;
    blocks_ = lines_ * line_blocks_;
    chunk_ = std::clamp<int64_t>(cache_sizes().l2 / 4 / (block_bytes + 1), 1, blocks_);
  }

  void run(ThreadPool& threads) const {
    const int64_t panels = weights_.layout().panels;
    const int64_t work = block_ * int8_kernels().columns * (weights_.layout().padded_k + 64);
    threads.parallel_for(g_.groups * blocks_ * panels, 1 + (int64_t{1} << 17) / work, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin, next; i < end; i = next) {
        // By group, chunk of blocks, panel and block: as many blocks of one panel as there are.
        const int64_t group = i / (blocks_ * panels), within = i % (blocks_ * panels);
        const int64_t first = within / (chunk_ * panels) * chunk_, count = std::min(chunk_, blocks_ - first);
        const int64_t tile = within - first * panels, block = tile % count;
        next = std::min(end, i + count - block);
        multiply(group, tile / count, first + block, next - i);
      }
    });
  }

 private:
  static constexpr int64_t kMostColumns = 64;

  void multiply(int64_t group, int64_t panel, int64_t block, int64_t count) const {
    const Int8Kernels& kernels = int8_kernels();
    const int64_t column = group * weights_.set_pitch() + panel * kernels.columns;
    const int64_t filter = group * g_.filters + panel * kernels.columns, all_filters = g_.groups * g_.filters;
    const int32_t nothing[Int8Piece::kMostRows] = {};
    int32_t sums[Int8Piece::kMostRows * kMostColumns], rests[Int8Piece::kMostRows];
    Int8Tile tile{};
    tile.a_pitch = column_step_ * kernels.row_element;
    tile.panel = weights_.layout().panel(weights_.panels(group), panel);
    tile.k = weights_.layout().padded_k / weights_.pieces();
    tile.row_start = nothing;
    tile.column_start = terms_.start + column;
    tile.c = sums;
    tile.c_pitch = kernels.columns;
    tile.piece_offsets = offsets_;
    tile.pieces = weights_.pieces();
    tile.y = {.pitch = all_filters,
              .columns = std::min(kernels.columns, g_.filters - panel * kernels.columns),
              .scales = terms_.scales + column,
              .zero = y_zero_,
              .is_signed = y_signed_};
    int64_t line = block / line_blocks_, output = block % line_blocks_ * block_;
    for (; count > 0; --count) {
      const int64_t start = line / line_outputs_ * rows_.image() + line % line_outputs_ * line_step_ +
                            output * column_step_ + group * g_.channels;
      tile.a = rows_.data() + start * kernels.row_element;
      tile.rows = std::min(block_, outputs_ - output);
      tile.y.data = y_ + (line * outputs_ + output) * all_filters + filter;
      if (weights_.zeros() != nullptr) {
        for (int64_t r = 0; r < tile.rows; ++r) rests[r] = rest(start + r * column_step_);
        tile.a_rest = rests;
        tile.b_zero = weights_.zeros() + column;
      }
      kernels.multiply(tile);
      output += block_;
      if (output >= outputs_) output = 0, ++line;
    }
  }

  // Sum of what a window sees less its zero point.
  int32_t rest(int64_t start) const {
    int64_t sum = 0;
    const auto add = [&](const auto* rows) {
      for (int64_t p = 0; p < weights_.pieces(); ++p) {
        for (int64_t i = 0; i < weights_.piece(); ++i) sum += rows[start + offsets_[p] + i];
      }
    };
    if (int8_kernels().row_element == 1) {
      add(reinterpret_cast<const uint8_t*>(rows_.data()));
    } else {
      add(reinterpret_cast<const int16_t*>(rows_.data()));
    }
    return static_cast<int32_t>(sum - weights_.pieces() * weights_.piece() * terms_.x_zero);
  }

  const ConvGeometry& g_;
  const ChannelsLastBytes& weights_;
  FilterTerms terms_;
  ByteRows rows_;
  uint8_t* y_;
  int32_t y_zero_;
  bool y_signed_;
  const int64_t* offsets_;           ///< of the pieces of a window
  int64_t outputs_, lines_;          ///< outputs of a line, and lines, of all images
  int64_t line_outputs_;             ///< lines of outputs of an image
  int64_t line_step_, column_step_;  ///< elements from one line's or output's windows to the next
  int64_t block_, line_blocks_;      ///< outputs of a block, and blocks of a line
  int64_t blocks_, chunk_;           ///< of all lines; those whose windows stay in the cache while panels go by
};

// Outputs of a line whose windows are laid out at a time: so many that these stay in the first-level cache.
int64_t stretch_of(const WindowAxis& axis, int64_t groups, const ChannelUnits& units) {
  const int64_t columns = units.quads > 0 ? 64 : 256;
  const int64_t reach = (axis.kernel - 1) * axis.dilation + 1;
  const int64_t most = std::clamp<int64_t>((columns / groups - reach) / axis.stride + 1, 1, axis.output);
  return ceil_div(axis.output, ceil_div(axis.output, most));
}

void convolve_depthwise(const Operands& io, const ConvGeometry& g, const Int8ConvOperands& operands,
                        const ChannelsLastBytes& weights, const FilterResults& results, Tensor& y) {
  const Int8WindowKernels& kernels = int8_window_kernels();
  const FilterTerms terms = filter_terms(io, operands, weights, results.scales);
  const WindowAxis lines = line_axis(g), columns = g.axes[g.rank - 1];
  const int64_t channels = g.groups;
  const ChannelUnits units(channels, kernels.lanes);
  units.arrange(terms.start);
  units.arrange(terms.scales);
  const int64_t groups = ceil_div(lines.kernel, kernels.depth), taps = weights.depthwise_taps();
  const int64_t stretch = stretch_of(columns, groups, units);
  const int64_t seen = (stretch - 1) * columns.stride + (columns.kernel - 1) * columns.dilation + 1;
  const int64_t threads = io.threads().threads(), buffer = groups * seen * kernels.lanes * (units.quads > 0 ? 4 : 1);
  int32_t* buffers = io.scratch<int32_t>(threads * buffer);
  const uint8_t** sources = io.scratch<const uint8_t*>(threads * groups * kernels.depth);
  uint8_t* padding = io.scratch<uint8_t>(4 * kernels.lanes);
  std::fill_n(padding, 4 * kernels.lanes, operands.x_zero != nullptr ? *operands.x_zero->data<uint8_t>() : uint8_t{0});
  int64_t* offsets = io.scratch<int64_t>(taps);
  for (int64_t i = 0; i < taps; ++i) {
    offsets[i] = i % groups * seen + i / groups % columns.kernel * columns.dilation;
  }
  const bool is_signed = operands.x.dtype() == DType::I8;
  const uint8_t* x = operands.x.data<uint8_t>();
  uint8_t* to = y.mutable_data<uint8_t>();
  // By line of outputs and unit of channels, so that few lines of many channels divide evenly too.
  const int64_t count = g.batch * lines.output * units.units;
  const int64_t parts = std::min(threads, count);
  io.threads().parallel_for(parts, 1, [&](int64_t first_part, int64_t last_part) {
    for (int64_t part = first_part; part < last_part; ++part) {
      const int64_t end = count * (part + 1) / parts;
      const uint8_t** tap_lines = sources + part * groups * kernels.depth;
      for (int64_t i = count * part / parts, next; i < end; i = next) {
        const int64_t line = i / units.units, unit = i % units.units;
        next = std::min(end, (line + 1) * units.units);
        const int64_t last_unit = unit + next - i, channel = units.first(unit);
        for (int64_t v = 0; v < groups * kernels.depth; ++v) {
          const int64_t place = lines.start(line % lines.output) + v * lines.dilation;
          const bool inside = v < lines.kernel && place >= 0 && place < lines.input;
          tap_lines[v] =
              inside ? x + (line / lines.output * lines.input + place) * columns.input * channels + channel : nullptr;
        }
        for (int64_t o = 0; o < columns.output; o += stretch) {
          kernels.depthwise({.lines = tap_lines,
                             .padding = padding,
                             .width = columns.input,
                             .pitch = channels,
                             .first = columns.start(o),
                             .columns = seen,
                             .groups = groups,
                             .flip = left_flip(is_signed),
                             .seen = buffers + part * buffer,
                             .offsets = offsets,
                             .taps = taps,
                             .w = weights.depthwise_weights() + channel * taps * kernels.depth,
                             .start = terms.start + channel,
                             .step = columns.stride,
                             .outputs = std::min(stretch, columns.output - o),
                             .channels = units.first(last_unit) - channel,
                             .quads = std::max<int64_t>(0, std::min(last_unit, units.quads) - unit),
                             .y = {.data = to + (line * columns.output + o) * channels + channel,
                                   .pitch = channels,
                                   .scales = terms.scales + channel,
                                   .zero = results.zero,
                                   .is_signed = y.dtype() == DType::I8}});
        }
      }
    }
  });
}

}  // namespace

void convolve_channels_last_bytes(const Operands& io, const ConvGeometry& g, const Int8ConvOperands& operands,
                                  const ChannelsLastBytes& weights, const FilterResults& results, Tensor& y) {
  if (y.elements() == 0) return;
  if (weights.depthwise()) return convolve_depthwise(io, g, operands, weights, results, y);
  WindowProduct(io, g, operands, weights, results, y).run(io.threads());
}

}  // namespace mica
