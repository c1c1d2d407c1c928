// Launchers of the CUDA kernels of attention.
#pragma once

#include "kernels/attention/row_layout.h"
#include "kernels/cuda/number.h"

namespace mica::cuda {

/// A term of the scores, or whether a key is shown; strides of 0 where all share an element.
struct ScoreMask {
  enum class Form : uint8_t {
    Terms,  ///< of the type of the queries, added
    Shown,  ///< truth values: a key is hidden where one is false
    Flags,  ///< int32: `term` is added where one is not above 0
    Bounds  ///< int32: `term` is added but for keys from starts[b], or 0, to before data[b]
  };

  const void* data = nullptr;  ///< null: none
  Form form = Form::Terms;
  int64_t batch = 0, head = 0, row = 0, key = 0;
  const void* starts = nullptr;
  float term = 0;
};

/// out = softmax(masks + softcap(scale * q k')) v, as Attention of kernels/attention/attention.h: query head h reads
/// key and value head h / (heads / kv_heads), and a query that sees no key gives zeros.
struct AttentionCall {
  static constexpr int64_t kMostWidth = 256;
  static constexpr int kMostMasks = 2;

  Number number;  ///< float, float16 or bfloat16; computed in float
  const void* q;
  const void* k;
  const void* v;
  void* out;
  RowLayout q_layout, k_layout, v_layout, out_layout;
  int64_t batch, heads, kv_heads, rows;
  int64_t keys;            ///< of the longest sequence
  int64_t width, v_width;  ///< at most kMostWidth
  float scale, softcap = 0;
  const SequenceKeys* sequences = nullptr;  ///< null: all have `keys` keys, and their queries begin at `offset`
  int64_t offset = 0;
  bool causal = false;  ///< query i sees no key beyond position i + offset
  int64_t window = 0;   ///< query i sees no key before i + offset - window + 1; 0: it sees all
  ScoreMask masks[kMostMasks] = {};
  /// Scores, one for each query head, that take their part of the probability; null: none, or with `zero_sinks` zeros.
  const void* sinks = nullptr;
  bool zero_sinks = false;
};
/// In products of floats.
void launch_attention(const AttentionCall& call, void* stream);

/// On tensor cores, which round weights to the type of the values: for calls of which is_aligned holds, of float16 or
/// bfloat16, on devices of this compute capability.
inline constexpr int kTensorAttention = 80;
inline constexpr int kTensorRows = 64;  ///< queries that a block takes
/// Keys are cut into plan.pieces, see tensor_plan; `scratch` is for plan.scratch floats.
struct SplitPlan;
void launch_tensor_attention(const AttentionCall& call, const SplitPlan& plan, float* scratch, void* stream);

/// Whether all rows of queries, keys and values can be read 16 bytes at a time, 8 elements of 16 bits or twice 4.
inline bool is_aligned(const AttentionCall& call) {
  const int64_t elements = call.number == Number::F32 ? 4 : 8;
  const auto fits = [&](const void* data, const RowLayout& layout) {
    return reinterpret_cast<uintptr_t>(data) % 16 == 0 && layout.start % elements == 0 &&
           layout.batch % elements == 0 && layout.head % elements == 0 && layout.row % elements == 0;
  };
  return call.width % 8 == 0 && call.v_width % 8 == 0 && fits(call.q, call.q_layout) && fits(call.k, call.k_layout) &&
         fits(call.v, call.v_layout);
}

/// The keys that any of the queries from `row` on, `count` of them, may see are some of these.
struct KeyRange {
  int64_t begin, end;
};
constexpr KeyRange visible_keys(const AttentionCall& call, const SequenceKeys& sequence, int64_t row, int64_t count) {
  const int64_t last = (row + count < call.rows ? row + count : call.rows) - 1;
  const int64_t beyond = last + sequence.offset + 1, behind = row + sequence.offset - call.window + 1;
  const int64_t begin = call.window > 0 && behind > 0 ? behind : 0;
  const int64_t end = call.causal && beyond < sequence.keys ? beyond : sequence.keys;
  return {begin, end < begin ? begin : end};
}

/// Attention of few queries over many keys: the keys of each head are cut into pieces that blocks take, and what these
/// make of them is joined in the order of the keys by a second kernel. Query heads that share keys are rows of one
/// product.
struct SplitPlan {
  int64_t rows = 0;    ///< of queries and heads that share keys
  int64_t pieces = 1;  ///< of the keys

  /// Floats of scratch that the launch takes.
  constexpr int64_t scratch(const AttentionCall& call) const {
    return pieces == 1 ? 0 : pieces * call.batch * call.heads * call.rows * (call.v_width + 2);
  }
};
constexpr int kSplitRows = 4;  ///< that a block takes at most
constexpr SplitPlan split_plan(const AttentionCall& call) {
  constexpr int64_t kEnoughBlocks = 512, kLeastKeys = 64;
  const int64_t rows = call.heads / call.kv_heads * call.rows;
  const int64_t blocks = call.batch * call.kv_heads * ((rows + kSplitRows - 1) / kSplitRows);
  const int64_t most = (call.keys + kLeastKeys - 1) / kLeastKeys;
  const int64_t wanted = (kEnoughBlocks + blocks - 1) / (blocks > 0 ? blocks : 1);
  const int64_t pieces = wanted < most ? wanted : most;
  return {rows, pieces < 1 ? 1 : pieces};
}
/// Pieces for launch_tensor_attention: one where blocks of whole rows of keys keep a GPU of 132 multiprocessors busy,
/// each of which has room for two.
constexpr SplitPlan tensor_plan(const AttentionCall& call) {
  constexpr int64_t kFewBlocks = 132, kEnoughBlocks = 264, kLeastKeys = 256;
  const int64_t blocks = call.batch * call.heads * ((call.rows + kTensorRows - 1) / kTensorRows);
  if (blocks == 0 || blocks >= kFewBlocks) return {};
  const int64_t most = call.keys / kLeastKeys, wanted = kEnoughBlocks / blocks;
  const int64_t pieces = wanted < most ? wanted : most;
  return {0, pieces < 1 ? 1 : pieces};
}
/// Whether a call that tensor cores do not take is for launch_split_attention: of few queries, or of so few blocks of
/// launch_attention over so many keys that it is better to read keys several times.
constexpr bool is_split(const AttentionCall& call) {
  constexpr int64_t kFewRows = 4, kSomeRows = 64, kFewBlocks = 132, kManyKeys = 512;
  const int64_t blocks = call.batch * call.heads * ((call.rows + 15) / 16);
  return call.rows <= kFewRows || (call.rows <= kSomeRows && blocks < kFewBlocks && call.keys >= kManyKeys);
}
void launch_split_attention(const AttentionCall& call, const SplitPlan& plan, float* scratch, void* stream);
/// What became of the pieces of each row: piece p of row i of head h of batch entry b has at
/// scratch[(((b * heads + h) * rows + i) * pieces + p) * (v_width + 2)] the highest score, the sum of weights, and the
/// sums of values.
void launch_join_pieces(const AttentionCall& call, const SplitPlan& plan, const float* scratch, void* stream);

}  // namespace mica::cuda
