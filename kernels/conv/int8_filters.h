// Weights of convolutions of bytes whose channels are the last axis.
#pragma once

#include <memory>
#include <vector>

#include "kernels/conv/conv.h"
#include "kernels/quant/int8_gemm.h"
#include "kernels/round_up.h"

namespace mica {

/// Weights in the order they are used in, packed at once or by the Packer in use.
class ChannelsLastBytes {
 public:
  /// w: [filters of all groups, channels, kernel...], of one or two spatial axes; zeros: one, one a filter, or null.
  ChannelsLastBytes(const ConvParams& params, const Tensor& w, const Tensor* zeros);

  bool depthwise() const { return depthwise_; }
  /// Filters are taken in sets (groups; all of them where depthwise), each padded to `set_pitch`.
  int64_t sets() const { return sets_; }
  int64_t set_filters() const { return set_filters_; }
  int64_t set_pitch() const { return set_pitch_; }
  /// Of each filter, padded: the sum of its weights; less their zero points where depthwise.
  const int32_t* sums() const { return memory_->data<int32_t>(); }

  /// A right operand for each group: pieces of `piece` elements that lie side by side in x, each padded to
  /// layout().padded_k / pieces().
  int64_t pieces() const { return tap_lines_ * line_pieces_; }
  int64_t line_pieces() const { return line_pieces_; }  ///< of a tap line: 1, or one a tap
  int64_t piece() const { return piece_; }
  const PanelLayout& layout() const { return layout_; }
  /// The zero point of each filter, padded, as the right side of products wants it; null where all are 0.
  const int32_t* zeros() const { return zeros_.defined() ? zeros_.data<int32_t>() : nullptr; }
  const std::byte* panels(int64_t group) const { return packed_weights() + group * layout_.bytes; }

  /// Of a depthwise one, as Int8WindowLine wants them. Weights less their zero points that are no int8 are the sum of
  /// several, so that every tap is there several times.
  int64_t depthwise_taps() const { return depthwise_taps_; }
  const int8_t* depthwise_weights() const { return reinterpret_cast<const int8_t*>(packed_weights()); }

 private:
  PackTask depthwise_task(const Tensor& w, const Tensor* zeros);
  PackTask panels_task(const Tensor& w, const Tensor* zeros);
  void pack_depthwise(const Tensor& w, const std::vector<int32_t>& zeros, std::byte* to) const;
  void pack_panels(const Tensor& w, std::byte* to, int64_t begin, int64_t end) const;

  int64_t taps() const { return tap_lines_ * tap_columns_; }
  int64_t padded_piece() const { return layout_.padded_k / pieces(); }
  size_t sums_bytes() const {
    return static_cast<size_t>(round_up(sets_ * set_pitch_ * static_cast<int64_t>(sizeof(int32_t)), 64));
  }
  const std::byte* packed_weights() const { return memory_->data<std::byte>() + sums_bytes(); }

  bool depthwise_;
  int64_t groups_, filters_, channels_;
  int64_t tap_lines_, tap_columns_;  ///< the kernel; one line where there is one axis
  int64_t sets_, set_filters_, set_pitch_ = 0;
  int64_t line_pieces_, piece_, depthwise_taps_ = 0;
  PanelLayout layout_;
  std::shared_ptr<const PackedBytes> memory_;  ///< the sums, then the weights
  Tensor zeros_;
};

/// Packs constant weights ahead; null unless they are constant and their zero points too. For OpBuilder::prepack.
std::shared_ptr<const ChannelsLastBytes> pack_channels_last_bytes(const ConvParams& params, const Tensor* w,
                                                                  const Tensor* zeros);

}  // namespace mica
