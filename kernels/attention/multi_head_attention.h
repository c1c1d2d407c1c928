// What MultiHeadAttention and DecoderMaskedMultiHeadAttention, com.microsoft 1, are given.
#pragma once

#include "kernels/attention/head_operand.h"

namespace mica {

struct MultiHeadAttention {
  enum Input : size_t { kQuery, kKey, kValue };
  enum Output : size_t { kOutput, kPresentKey, kPresentValue, kScores };
  /// Where the other inputs stand; what an operator lacks has a number that no input has.
  struct Slots {
    size_t bias, mask, attention_bias, past_key, past_value, past_length, beams, indirection;
  };

  static constexpr Slots kMultiHead{3, 4, 5, 6, 7, 8, 99, 9};
  static constexpr Slots kDecoder{10, 3, 4, 5, 6, 7, 8, 9};

  int64_t num_heads = 0;
  float scale = 0;  ///< 0: 1 / sqrt(width)
  float mask_filter_value = -10000;
  bool unidirectional = false;
  bool past_present_share_buffer = false;
  Slots slots = kMultiHead;
  size_t outputs = 0;  ///< of the node

  /// Whether past and present are one buffer.
  template <class Inputs>
  bool shares_buffer(const Inputs& inputs) const {
    return inputs.has(slots.past_key) && (past_present_share_buffer || inputs.has(slots.past_length));
  }
};

struct MultiHeadGeometry {
  HeadOperand q, k, v;
  int64_t past = 0;
  bool projected = false;  ///< keys and values have their biases

  int64_t keys() const { return past + k.dims.rows; }
};
/// Throws when operands do not fit each other. Looks at dims, and at the number of past rows in a shared buffer.
MultiHeadGeometry multi_head_geometry(const MultiHeadAttention& op, const Operands& io);

}  // namespace mica
