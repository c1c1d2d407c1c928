// Attention whose Q, K and V are one product: what the com.microsoft operators Attention and QAttention share.
#pragma once

#include <vector>

#include "kernels/attention/head_operand.h"
#include "kernels/op.h"

namespace mica {

struct PackedAttention {
  int64_t num_heads = 0;
  float scale = 0;  ///< 0: 1 / sqrt(width)
  float mask_filter_value = -10000;
  bool unidirectional = false;
  bool do_rotary = false;
  int64_t rotary_embedding_dim = 0;  ///< 0: all of a head
  bool past_present_share_buffer = false;
  std::vector<int64_t> qkv_hidden_sizes;
};

/// Numbers of the inputs that both operators have, behind `input` and `weights`, which are 0 and 1; of one that an
/// operator lacks, that of no input. Outputs are `output` and `present`.
struct PackedInputs {
  size_t terms, mask, past;
  size_t bias = static_cast<size_t>(-1), past_length = static_cast<size_t>(-1);
};

template <class T>
OpBuilder<T> packed_attention_attributes(OpBuilder<T> builder) {
  return builder.required("num_heads", &PackedAttention::num_heads)
      .attribute("scale", &PackedAttention::scale)
      .attribute("mask_filter_value", &PackedAttention::mask_filter_value)
      .attribute("unidirectional", &PackedAttention::unidirectional)
      .attribute("do_rotary", &PackedAttention::do_rotary)
      .attribute("past_present_share_buffer", &PackedAttention::past_present_share_buffer);
}

/// For OpBuilder::prepare.
void check_packed_attention(PackedAttention& op, const NodeFacts& facts);

/// Output and present, of floats of type `dtype`.
void infer_packed_attention(const PackedAttention& op, InferContext& ctx, const PackedInputs& inputs, DType dtype);

/// Sizes of the operands. Throws when they do not fit each other.
struct PackedGeometry {
  HeadDims q, k, v;    ///< rows are those of the input
  int64_t packed = 0;  ///< elements of a row of Q, K and V together
  int64_t past = 0;

  PackedGeometry(const PackedAttention& op, const Operands& io, const PackedInputs& inputs);
  int64_t rows() const { return q.batch * q.rows; }
  int64_t keys() const { return past + k.rows; }
};

/// Writes the outputs, given rows of Q, K and V, one after the other.
template <class T>
void packed_attention(const PackedAttention& op, const Operands& io, const PackedInputs& inputs,
                      const PackedGeometry& g, const T* packed);

}  // namespace mica
