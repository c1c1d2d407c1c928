// The weights of convolutions whose channels are the last axis, packed once in the order they are used in.
#pragma once

#include <string>

#include "kernels/conv/conv.h"

namespace mica {

/// The weights [filters of all groups, channels, taps...] of a convolution, as floats or, in products, as bfloat16:
/// rounded to pairs of adjacent channels, as kernels/matmul/bf16_tile_simd.h has them, in the bits of floats.
class ChannelsLastFilters {
 public:
  enum class Way : uint8_t {
    Products,   ///< for each group, a packed right operand of taps * channels rows
    Depthwise,  ///< every filter sees one channel, its own: [taps, channels]
    Winograd,   ///< of each of its values, a packed right operand of channels rows
  };

  /// `weights` are dims that divide into op.group groups; for bfloat16, of an even number of channels.
  ChannelsLastFilters(const ConvParams& op, const Shape& weights, bool in_bf16 = false);

  Way way() const { return way_; }
  bool in_bf16() const { return in_bf16_; }
  /// Of what is packed, in floats.
  int64_t elements() const;
  /// What decides how weights of given dims are packed, in words.
  std::string form() const;
  /// Parts that are packed independently of each other.
  int64_t parts() const;
  /// Elements of `w` may lie unaligned.
  void pack(const Tensor& w, int64_t begin, int64_t end, float* to) const;
  /// The operand of a group among what was packed as products.
  const float* group(const float* packed, int64_t index) const;

 private:
  int64_t panels() const;    ///< of 16 filters, of a group
  int64_t operands() const;  ///< of a group
  int64_t depth() const;     ///< numbers of a column of an operand
  int64_t rows() const;      ///< floats of a column of an operand
  void pack_panel(const float* w, int64_t filters, float* to, int64_t operand) const;

  int64_t groups_, filters_, channels_, taps_;
  Way way_;
  bool in_bf16_;
};

}  // namespace mica
