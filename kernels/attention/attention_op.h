// What Attention, ai.onnx 23, and SelfAttention are given.
#pragma once

#include <optional>

#include "kernels/attention/head_operand.h"
#include "kernels/attention/score_bias.h"
#include "runtime/base/dtype.h"

namespace mica {

struct AttentionOp {
  enum Input : size_t { kQ, kK, kV, kMask, kPastKey, kPastValue, kValidKeys };
  enum Output : size_t { kY, kPresentKey, kPresentValue, kScores };

  std::optional<int64_t> q_num_heads = {}, kv_num_heads = {};
  std::optional<float> scale = {};
  float softcap = 0;
  bool is_causal = false;
  std::optional<DType> softmax_precision = {};
  int64_t qk_matmul_output_mode = 0;
  ShortMask short_mask = ShortMask::Hide;
  size_t outputs = 0;  ///< of the node
};

struct AttentionGeometry {
  HeadOperand q, k, v;
  int64_t past = 0;

  int64_t keys() const { return past + k.dims.rows; }
};
/// Throws when operands do not fit each other. Looks at dims only.
AttentionGeometry attention_geometry(const AttentionOp& op, const Operands& io);

/// Inputs are the rows of queries, keys and values, and a mask.
struct SelfAttention {
  int64_t q_num_heads = 0, kv_num_heads = 0;
  std::optional<float> scale = {};
  float softcap = 0;
  bool is_causal = false;

  int64_t all_heads() const { return q_num_heads + 2 * kv_num_heads; }
};

/// Queries, keys and values in one tensor. Throws when it does not divide into the heads.
struct PackedHeads {
  HeadOperand q, k, v;
};
PackedHeads packed_heads(const SelfAttention& op, const Tensor& packed);

}  // namespace mica
