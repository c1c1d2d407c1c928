#include "kernels/conv/int8_filters.h"

#include <algorithm>
#include <string>
#include <utility>

#include "kernels/conv/int8_channel_units.h"
#include "kernels/conv/int8_windows_simd.h"
#include "runtime/base/concat.h"
#include "runtime/base/content_hash.h"

namespace mica {
namespace {

// The zero point of each filter.
std::vector<int32_t> zeros_of(const Tensor* zeros, int64_t filters) {
  std::vector<int32_t> all(static_cast<size_t>(filters), 0);
  if (zeros == nullptr) return all;
  visit_dtype<int8_t, uint8_t>(zeros->dtype(), [&]<class T>() {
    const bool one = zeros->elements() == 1;
    for (size_t i = 0; i < all.size(); ++i) all[i] = zeros->data<T>()[one ? 0 : i];
  });
  return all;
}

// Weights less the zero points of their filters.
std::vector<int32_t> shifted(const Tensor& w, const std::vector<int32_t>& zeros) {
  std::vector<int32_t> numbers(static_cast<size_t>(w.elements()));
  visit_dtype<int8_t, uint8_t>(w.dtype(), [&]<class T>() {
    const T* from = w.data<T>();
    for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = from[i] - zeros[i * zeros.size() / numbers.size()];
  });
  return numbers;
}

}  // namespace

ChannelsLastBytes::ChannelsLastBytes(const ConvParams& params, const Tensor& w, const Tensor* zeros)
    : groups_(params.group),
      filters_(w.shape()[0] / params.group),
      channels_(w.shape()[1]),
      tap_lines_(w.shape().rank() == 4 ? w.shape()[2] : 1),
      tap_columns_(w.shape().back()),
      layout_(0, 0) {
  if (w.elements() == 0) throw_error(ErrorCode::InvalidArgument, {"weights ", w, " have no elements"});
  if (zeros != nullptr && zeros->elements() != 1 && zeros->elements() != w.shape()[0]) {
    throw_error(ErrorCode::InvalidArgument,
                {"zero point ", zeros->str(), " is neither one nor one for each of the filters of ", w});
  }
  depthwise_ = channels_ == 1 && filters_ == 1 && groups_ > 1;
  sets_ = depthwise_ ? 1 : groups_;
  set_filters_ = depthwise_ ? groups_ : filters_;
  // Taps side by side of all channels lie side by side in x too.
  const int64_t dilation = params.dilations.empty() ? 1 : params.dilations.back();
  const bool joined = groups_ == 1 && (dilation == 1 || tap_columns_ == 1);
  line_pieces_ = joined ? 1 : tap_columns_;
  piece_ = joined ? tap_columns_ * channels_ : channels_;
  PackTask task = depthwise_ ? depthwise_task(w, zeros) : panels_task(w, zeros);
  memory_ = pack(w, std::move(task));
}

PackTask ChannelsLastBytes::depthwise_task(const Tensor& w, const Tensor* zeros) {
  set_pitch_ = round_up(set_filters_, int8_window_kernels().lanes);
  const std::vector<int32_t> filter_zeros = zeros_of(zeros, set_filters_);
  int64_t summands = 1;
  for (const int32_t x : shifted(w, filter_zeros)) {
    summands = std::max<int64_t>(summands, x < 0 ? (127 - x) / 128 : (x + 126) / 127);
  }
  depthwise_taps_ = summands * ceil_div(tap_lines_, int8_window_kernels().depth) * tap_columns_;
  PackTask task;
  task.form = "depthwise bytes, " + std::to_string(depthwise_taps_) + " taps, zeros " +
              content_hash(std::as_bytes(std::span(filter_zeros))).str();
  task.bytes = sums_bytes() + static_cast<size_t>(set_pitch_ * depthwise_taps_ * int8_window_kernels().depth);
  task.fill = [own = *this, filter_zeros, size = task.bytes](const Tensor& constant, std::byte* to, int64_t, int64_t) {
    std::fill_n(to, size, std::byte{0});
    own.pack_depthwise(constant, filter_zeros, to);
  };
  return task;
}

void ChannelsLastBytes::pack_depthwise(const Tensor& w, const std::vector<int32_t>& zeros, std::byte* to) const {
  const int64_t depth = int8_window_kernels().depth, lanes = int8_window_kernels().lanes;
  const int64_t groups = ceil_div(tap_lines_, depth), summands = depthwise_taps_ / (groups * tap_columns_);
  const ChannelUnits units(set_filters_, lanes);
  const std::vector<int32_t> numbers = shifted(w, zeros);
  int32_t* sums = reinterpret_cast<int32_t*>(to);
  int8_t* codes = reinterpret_cast<int8_t*>(to + sums_bytes());
  for (int64_t i = 0; i < w.elements(); ++i) {
    const int64_t filter = i / taps(), line = i % taps() / tap_columns_, column = i % tap_columns_;
    int32_t rest = numbers[static_cast<size_t>(i)];
    sums[filter] += rest;
    const bool in_quad = filter < units.quads * 4 * lanes;
    const int64_t width = in_quad ? 4 * lanes : lanes, first = filter / width * width;
    const int64_t place =
        first * depthwise_taps_ + (column * groups + line / depth) * width + units.place(filter) - first;
    for (int64_t summand = 0; summand < summands; ++summand) {
      const int32_t code = std::clamp(rest, -128, 127);
      codes[(place + summand * groups * tap_columns_ * width) * depth + line % depth] = static_cast<int8_t>(code);
      rest -= code;
    }
  }
}

PackTask ChannelsLastBytes::panels_task(const Tensor& w, const Tensor* zeros) {
  layout_ = PanelLayout(pieces() * round_up(piece_, int8_kernels().depth), filters_);
  set_pitch_ = layout_.padded_n;
  const std::vector<int32_t> filter_zeros = zeros_of(zeros, groups_ * filters_);
  const int32_t shift = right_shift(w.dtype() == DType::I8);
  if (std::ranges::any_of(filter_zeros, [&](int32_t zero) { return zero + shift != 0; })) {
    zeros_ = Tensor(DType::I32, {groups_ * set_pitch_});
    int32_t* padded = zeros_.mutable_data<int32_t>();
    std::fill_n(padded, zeros_.elements(), 0);
    for (int64_t i = 0; i < groups_ * filters_; ++i) {
      padded[i / filters_ * set_pitch_ + i % filters_] = filter_zeros[static_cast<size_t>(i)] + shift;
    }
  }
  PackTask task;
  task.form = "panels of bytes of channels last, groups " + std::to_string(groups_) + ", pieces " +
              std::to_string(line_pieces_) + " a line";
  task.bytes = sums_bytes() + static_cast<size_t>(groups_ * layout_.bytes);
  task.parts = groups_ * layout_.panels;
  task.fill = [own = *this](const Tensor& constant, std::byte* to, int64_t begin, int64_t end) {
    own.pack_panels(constant, to, begin, end);
  };
  return task;
}

void ChannelsLastBytes::pack_panels(const Tensor& w, std::byte* to, int64_t begin, int64_t end) const {
  const int64_t width = int8_kernels().columns, depth = layout_.k, joined = tap_columns_ / line_pieces_;
  const uint8_t flip = right_flip(w.dtype() == DType::I8);
  int32_t* all_sums = reinterpret_cast<int32_t*>(to);
  // Each filter's weights in the order of x, padded with what is packed as 0.
  std::vector<uint8_t> turned(static_cast<size_t>(width * depth), flip);
  for (int64_t part = begin; part < end; ++part) {
    const int64_t group = part / layout_.panels, panel = part % layout_.panels;
    const int64_t columns = std::min(width, filters_ - panel * width);
    const uint8_t* from = w.data<uint8_t>() + (group * filters_ + panel * width) * channels_ * taps();
    for (int64_t i = 0; i < columns; ++i, from += channels_ * taps()) {
      for (int64_t tap = 0; tap < taps(); ++tap) {
        uint8_t* channels = turned.data() + i * depth + tap / joined * padded_piece() + tap % joined * channels_;
        for (int64_t channel = 0; channel < channels_; ++channel) channels[channel] = from[channel * taps() + tap];
      }
    }
    std::byte* matrix = to + sums_bytes() + static_cast<size_t>(group * layout_.bytes);
    int32_t* sums = const_cast<int32_t*>(layout_.sums(matrix)) + panel * width;
    int8_kernels().pack_panel(turned.data(), 1, depth, depth, columns, flip,
                              const_cast<int8_t*>(layout_.panel(matrix, panel)), sums);
    std::copy_n(sums, width, all_sums + group * set_pitch_ + panel * width);
  }
}

std::shared_ptr<const ChannelsLastBytes> pack_channels_last_bytes(const ConvParams& params, const Tensor* w,
                                                                  const Tensor* zeros) {
  if (w == nullptr || zeros == nullptr || w->shape().rank() < 3 || w->shape().rank() > 4) return nullptr;
  if (params.group < 1 || w->shape()[0] % params.group != 0 || w->shape().elements() == 0) return nullptr;
  if (zeros->elements() != 1 && zeros->elements() != w->shape()[0]) return nullptr;
  return std::make_shared<ChannelsLastBytes>(params, *w, zeros);
}

}  // namespace mica
