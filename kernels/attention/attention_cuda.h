// Launcher of the CUDA kernel of attention.
#pragma once

#include "kernels/cuda/number.h"

namespace mica::cuda {

/// As HeadLayout of kernels/attention/heads.h: where rows begin, in elements.
struct RowLayout {
  int64_t start = 0, batch = 0, head = 0, row = 0;
};

/// A term of the scores, or with Number::Bool whether a key is shown; strides of 0 where all share an element.
struct ScoreMask {
  const void* data = nullptr;  ///< null: none
  Number number = Number::F32;
  int64_t batch = 0, head = 0, row = 0, key = 0;
};

/// out = softmax(mask + softcap(scale * q k')) v, as Attention of kernels/attention/attention.h: query head h reads key
/// and value head h / (heads / kv_heads), and a query that sees no key gives zeros.
struct AttentionCall {
  static constexpr int64_t kMostWidth = 256;

  Number number;  ///< float, float16 or bfloat16; computed in float
  const void* q;
  const void* k;
  const void* v;
  void* out;
  RowLayout q_layout, k_layout, v_layout, out_layout;
  int64_t batch, heads, kv_heads, rows, keys;
  int64_t width, v_width;  ///< at most kMostWidth
  float scale, softcap = 0;
  bool causal = false;
  int64_t offset = 0;  ///< position of the first query among the keys
  ScoreMask mask = {};
};
void launch_attention(const AttentionCall& call, void* stream);

/// The keys that any of the queries from `row` on, `count` of them, may see: those below.
constexpr int64_t visible_keys(const AttentionCall& call, int64_t row, int64_t count) {
  if (!call.causal) return call.keys;
  const int64_t last = (row + count < call.rows ? row + count : call.rows) - 1;
  const int64_t end = last + call.offset + 1;
  return end < 0 ? 0 : end < call.keys ? end : call.keys;
}

}  // namespace mica::cuda
