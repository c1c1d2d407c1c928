// What GroupQueryAttention, com.microsoft 1, is given.
#pragma once

#include <optional>
#include <string>

#include "kernels/attention/head_operand.h"

namespace mica {

struct GroupQueryAttention {
  enum Input : size_t {
    kQuery,
    kKey,
    kValue,
    kPastKey,
    kPastValue,
    kSeqlens,
    kTotal,
    kCos,
    kSin,
    kPositions,
    kBias,
    kSink,
    kKeyScale,
    kValueScale,
    kQueryNorm,
    kKeyNorm,
    kQuerySeqlens
  };
  enum Output : size_t { kOutput, kPresentKey, kPresentValue, kScores };

  int64_t num_heads = 0, kv_num_heads = 0;
  float scale = 0;  ///< 0: 1 / sqrt(width)
  float softcap = 0;
  int64_t local_window_size = -1;
  bool do_rotary = false, rotary_interleaved = false;
  bool causal = true;
  int64_t smooth_softmax = -1;
  int64_t qk_output = 0;  ///< 1: scores, 2: probabilities
  float qk_norm_epsilon = 1e-6f;
  std::optional<float> q_norm_epsilon = {}, k_norm_epsilon = {};
  int64_t sliding_window_cache = 0, kv_cache_bit_width = 0;
  std::string k_quant_type = "NONE", v_quant_type = "NONE";
  size_t outputs = 0;  ///< of the node

  /// Epsilon of the norms of queries and of keys.
  float epsilon_of_queries() const { return q_norm_epsilon.value_or(qk_norm_epsilon); }
  float epsilon_of_keys() const { return k_norm_epsilon.value_or(qk_norm_epsilon); }
};

struct GroupQueryGeometry {
  HeadOperand q, k, v;
  int64_t total = 0, past_capacity = 0;
  bool first_prompt = false;  ///< nothing is cached yet
};
/// Throws when operands do not fit each other. Looks at dims, and at total_sequence_length.
GroupQueryGeometry group_query_geometry(const GroupQueryAttention& op, const Operands& io);

/// Throws unless cosines and sines are tables of the same dims, for heads of `width` elements or part of them.
void check_rotary_tables(const Tensor& cos, const Tensor& sin, int64_t width);

}  // namespace mica
