// Convolution of bytes whose channels are the last axis, to bytes: products of windows, read where they lie, with
// packed weights, or directly where every filter sees one channel. Sums are exact, and become bytes in registers.
#pragma once

#include <memory>

#include "kernels/conv/conv.h"
#include "kernels/conv/int8_operands.h"
#include "kernels/quant/int8_gemm.h"

namespace mica {

/// How the sum of each filter becomes a byte.
struct FilterResults {
  const float* scales;  ///< one a filter
  int32_t zero;
};

/// Weights in the order they are used in.
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
  const int32_t* sums() const { return sums_.data<int32_t>(); }

  /// A right operand for each group: pieces of `piece` elements that lie side by side in x, each padded to
  /// layout().padded_k / pieces().
  int64_t pieces() const { return tap_lines_ * line_pieces_; }
  int64_t line_pieces() const { return line_pieces_; }  ///< of a tap line: 1, or one a tap
  int64_t piece() const { return piece_; }
  const PanelLayout& layout() const { return layout_; }
  /// The zero point of each filter, padded, as the right side of products wants it; null where all are 0.
  const int32_t* zeros() const { return zeros_.defined() ? zeros_.data<int32_t>() : nullptr; }
  const std::byte* panels(int64_t group) const { return memory_.data<std::byte>() + group * layout_.bytes; }

  /// Of a depthwise one, as Int8WindowLine wants them. Weights less their zero points that are no int8 are the sum of
  /// several, so that every tap is there several times.
  int64_t depthwise_taps() const { return taps_; }
  const int8_t* depthwise_weights() const { return memory_.data<int8_t>(); }

 private:
  void pack_depthwise(const Tensor& w, const Tensor* zeros);
  void pack_panels(const Tensor& w, const Tensor* zeros);

  bool depthwise_;
  int64_t groups_, filters_, channels_;
  int64_t tap_lines_, tap_columns_;  ///< the kernel; one line where there is one axis
  int64_t sets_, set_filters_, set_pitch_ = 0;
  int64_t line_pieces_, piece_, taps_ = 0;
  PanelLayout layout_;
  Tensor memory_, sums_, zeros_;
};

/// Packs constant weights ahead; null unless they are constant and their zero points too. For OpBuilder::prepack.
std::shared_ptr<const ChannelsLastBytes> pack_channels_last_bytes(const ConvParams& params, const Tensor* w,
                                                                  const Tensor* zeros);

/// y [image, position, filter of all groups], of uint8 or int8, from x [image, position, channel of all groups].
void convolve_channels_last_bytes(const Operands& io, const ConvGeometry& g, const Int8ConvOperands& operands,
                                  const ChannelsLastBytes& weights, const FilterResults& results, Tensor& y);

}  // namespace mica
