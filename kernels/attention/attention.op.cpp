// Attention, ai.onnx 23: Y = softmax(mask + softcap(scale * Q K')) V, with groups of query heads that share keys and
// values, and with a cache of past keys and values or, from version 24 on, keys that are valid up to a number given.
// Q, K, V are [batch, heads, length, width], or [batch, length, heads * width] with the numbers of heads as attributes.
#include <algorithm>

#include "kernels/attention/attention_op.h"
#include "kernels/attention/head_operand.h"
#include "kernels/attention/kv_cache.h"
#include "kernels/attention/score_bias.h"
#include "kernels/flop_rules.h"
#include "kernels/op.h"
#include "kernels/shape/shape_input.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

using enum AttentionOp::Input;
using enum AttentionOp::Output;

void prepare(AttentionOp& op, const NodeFacts& facts) {
  op.outputs = facts.outputs;
  const auto fail = [](const std::string& message) { throw Error(ErrorCode::InvalidModel, message); };
  for (const auto& heads : {op.q_num_heads, op.kv_num_heads}) check_heads(heads.value_or(1));
  if (op.qk_matmul_output_mode < 0 || op.qk_matmul_output_mode > 3) {
    fail("qk_matmul_output_mode is " + std::to_string(op.qk_matmul_output_mode) + ", not 0 to 3");
  }
  if (op.softmax_precision && !is_float(*op.softmax_precision)) fail("softmax_precision is no float type");
}

// [batch, heads, length, width] of Q, K or V.
Dims head_dims(const InferContext& ctx, size_t input, const std::optional<int64_t>& heads) {
  const Dims& dims = *ctx.dims(input);
  if (dims.size() == 4) return dims;
  if (dims.size() != 3) throw_error(ErrorCode::InvalidModel, {"Q, K and V must have rank 3 or 4, not ", dims});
  if (!heads) ctx.fail("inputs of rank 3 need the attributes q_num_heads and kv_num_heads");
  return {dims[0], *heads, dims[1], floor_div(dims[2], *heads)};
}

void infer(const AttentionOp& op, InferContext& ctx) {
  for (const size_t i : {kK, kPastKey}) same_dtype(ctx, kQ, i);
  same_dtype(ctx, kV, kPastValue);
  const DType dtype = ctx.dtype(kQ);
  ctx.set(kY, dtype);
  ctx.set(kPresentKey, ctx.dtype(kK));
  ctx.set(kPresentValue, ctx.dtype(kV));
  ctx.set(kScores, dtype);
  if (ctx.has(kPastKey) != ctx.has(kPastValue)) ctx.fail("past_key and past_value must be given together");
  if (ctx.has(kPastKey) && ctx.has(kValidKeys)) ctx.fail("nonpad_kv_seqlen must not be given with past_key");
  if (ctx.dims(kQ) == nullptr || ctx.dims(kK) == nullptr || ctx.dims(kV) == nullptr) return;
  const Dims q = head_dims(ctx, kQ, op.q_num_heads);
  const Dims k = head_dims(ctx, kK, op.kv_num_heads);
  const Dims v = head_dims(ctx, kV, op.kv_num_heads);
  const Dim batch = ctx.merge(ctx.merge(q[0], k[0], "batch sizes"), v[0], "batch sizes");
  const Dim width = ctx.merge(q[3], k[3], "widths of Q and K");
  const Dim kv_heads = ctx.merge(k[1], v[1], "heads of K and V");
  Dim keys = ctx.merge(k[2], v[2], "lengths of K and V");
  if (ctx.has(kPastKey)) {
    const Dims* past = ctx.dims(kPastKey);
    if (past != nullptr && past->size() != 4)
      throw_error(ErrorCode::InvalidModel, {"past_key ", *past, " must have rank 4"});
    keys = (past != nullptr ? (*past)[2] : ctx.unknown()) + keys;
  }
  if (ctx.dims(kQ)->size() == 4) {
    ctx.set(kY, dtype, Dims{batch, q[1], q[2], v[3]});
  } else {
    ctx.set(kY, dtype, Dims{batch, q[2], q[1] * v[3]});
  }
  ctx.set(kPresentKey, ctx.dtype(kK), Dims{batch, kv_heads, keys, width});
  ctx.set(kPresentValue, ctx.dtype(kV), Dims{batch, kv_heads, keys, v[3]});
  ctx.set(kScores, dtype, Dims{batch, q[1], q[2], keys});
}

// Without a cache of its own, the operator counts positions from the end of the valid keys.
const Sequence* sequences(const Operands& io, const AttentionGeometry& g, int64_t keys) {
  Sequence* result = io.scratch<Sequence>(g.q.dims.batch);
  if (io.has(kValidKeys)) check_integers(io.in(kValidKeys), g.q.dims.batch, "nonpad_kv_seqlen");
  for (int64_t b = 0; b < g.q.dims.batch; ++b) {
    result[b] = {keys, g.past};
    if (!io.has(kValidKeys)) continue;
    const int64_t valid = integer_at(io.in(kValidKeys), b);
    if (valid < 0 || valid > g.keys()) {
      throw_error(ErrorCode::InvalidArgument, {"nonpad_kv_seqlen has ", valid, ", there are ", g.keys(), " keys"});
    }
    result[b] = {std::min(keys, valid), valid - g.q.dims.rows};
  }
  return result;
}

void run_cpu(const AttentionOp& op, const Operands& io) {
  if (outputs_are_empty(io)) return;
  const AttentionGeometry g = attention_geometry(op, io);
  const HeadDims &q = g.q.dims, &k = g.k.dims, &v = g.v.dims;
  const Shape scores{q.batch, q.heads, q.rows, g.keys()};
  CachedRows* rows = io.scratch<CachedRows>(q.batch);
  std::fill_n(rows, q.batch, CachedRows{g.past, k.rows});
  visit_wide(op.softmax_precision == DType::F64 ? DType::F64 : io.in(kQ).dtype(), [&]<class T>() {
    Attention<T> task{q.batch, q.heads, k.heads, q.rows, g.keys(), q.width, v.width};
    task.q = g.q.read<T>(io);
    task.k = append_rows<T>(io, kv_cache(io, kPastKey, kPresentKey), g.k.read<T>(io), k, rows);
    task.v = append_rows<T>(io, kv_cache(io, kPastValue, kPresentValue), g.v.read<T>(io), v, rows);
    task.scale = op.scale ? static_cast<T>(*op.scale) : attention_scale<T>(0, q.width);
    task.softcap = static_cast<T>(op.softcap);
    task.causal = op.is_causal;
    int64_t shown = g.keys();
    if (io.has(kMask)) {
      task.bias[0] = score_bias<T>(io, io.in(kMask), scores, op.short_mask);
      shown = masked_keys(io.in(kMask).shape(), shown, op.short_mask);
    }
    task.sequences = sequences(io, g, shown);
    const WideOutput<T> y(io, io.out(kY));
    const HeadDims out{q.batch, q.heads, q.rows, v.width};
    task.out = {y.data(), io.out(kY).shape().rank() == 4 ? out.bnsh() : out.bsnh()};
    std::optional<WideOutput<T>> kept;
    if (io.wants(kScores)) task.scores = kept.emplace(io, io.out(kScores)).data();
    task.stage = static_cast<ScoreStage>(op.qk_matmul_output_mode);
    attention(io, task);
    y.store();
    if (kept) kept->store();
  });
}

OpBuilder<AttentionOp> attention_op(ShortMask short_mask) {
  return op(AttentionOp{.short_mask = short_mask})
      .input("Q", types::floats)
      .input("K", types::floats)
      .input("V", types::floats)
      .optional_input("attn_mask", types::numeric | types::boolean)
      .optional_input("past_key", types::floats)
      .optional_input("past_value", types::floats)
      .output("Y")
      .optional_output("present_key")
      .optional_output("present_value")
      .optional_output("qk_matmul_output")
      .attribute("q_num_heads", &AttentionOp::q_num_heads)
      .attribute("kv_num_heads", &AttentionOp::kv_num_heads)
      .attribute("scale", &AttentionOp::scale)
      .attribute("softcap", &AttentionOp::softcap)
      .attribute("is_causal", &AttentionOp::is_causal)
      .attribute("softmax_precision", &AttentionOp::softmax_precision)
      .attribute("qk_matmul_output_mode", &AttentionOp::qk_matmul_output_mode)
      .pitched(kK)
      .pitched(kV)
      .appends<row_axis<2, AttentionOp>>(kPresentKey, kPastKey)
      .appends<row_axis<2, AttentionOp>>(kPresentValue, kPastValue)
      .prepare<prepare>()
      .infer<infer>()
      .flops<attention_flops<kPastKey>>()
      .cpu<run_cpu>();
}

}  // namespace

AttentionGeometry attention_geometry(const AttentionOp& op, const Operands& io) {
  const int64_t q_heads = op.q_num_heads.value_or(0), kv_heads = op.kv_num_heads.value_or(0);
  AttentionGeometry g{whole_heads(io.in(kQ), q_heads), whole_heads(io.in(kK), kv_heads),
                      whole_heads(io.in(kV), kv_heads)};
  check_attention(g.q, g.k, g.v);
  const HeadDims &k = g.k.dims, &v = g.v.dims;
  if (io.has(kPastKey)) {
    const Shape& key = io.in(kPastKey).shape();
    const Shape& value = io.in(kPastValue).shape();
    g.past = key.rank() == 4 ? key[2] : 0;
    if (key != Shape{k.batch, k.heads, g.past, k.width} || value != Shape{k.batch, k.heads, g.past, v.width}) {
      throw_error(ErrorCode::InvalidArgument, {"past_key ", key, " and past_value ", value, " do not fit K and V"});
    }
  }
  return g;
}

MICA_OP(Attention, 24) {
  return attention_op(ShortMask::Hide).optional_input("nonpad_kv_seqlen", types::int64);
}

MICA_OP(Attention, 23) {
  return attention_op(ShortMask::Broadcast);
}

}  // namespace mica
