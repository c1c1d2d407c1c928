// GroupQueryAttention, com.microsoft 1: causal attention of groups of query heads that share keys and values, over a
// cache. Of batch entry b, T = seqlens_k[b] + 1 keys are in the cache in the end, of which the last Q are new: query
// row s stands at position T - Q + s. Q is query_seqlens[b] or, without these, the smaller of T and the rows given.
// past and present are [batch, kv_heads, capacity, width]: present has room for `total_sequence_length` rows and for
// those that past has room for, so that one buffer can serve as both.
#include "kernels/attention/group_query_attention.h"

#include <algorithm>

#include "kernels/attention/kv_cache.h"
#include "kernels/attention/score_bias.h"
#include "kernels/flop_rules.h"
#include "kernels/norm/layer_norm.h"
#include "kernels/op.h"
#include "kernels/rope/rotate.h"
#include "kernels/shape/shape_input.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

using Op = GroupQueryAttention;
using enum Op::Input;
using enum Op::Output;

void prepare(GroupQueryAttention& op, const NodeFacts& facts) {
  op.outputs = facts.outputs;
  check_heads(op.num_heads);
  check_heads(op.kv_num_heads);
  if (op.num_heads % op.kv_num_heads != 0) {
    throw_error(ErrorCode::InvalidModel, {op.num_heads, " query heads cannot share ", op.kv_num_heads, " key heads"});
  }
  if (op.sliding_window_cache != 0 || op.k_quant_type != "NONE" || op.v_quant_type != "NONE") {
    throw Error(ErrorCode::Unsupported, "quantised caches and caches of the size of a window are not supported");
  }
}

void infer(const GroupQueryAttention& op, InferContext& ctx) {
  for (const size_t i : {kKey, kValue, kPastKey, kPastValue, kBias, kCos, kSin, kSink}) same_dtype(ctx, kQuery, i);
  const DType dtype = ctx.dtype(kQuery);
  for (const Op::Output output : {kOutput, kPresentKey, kPresentValue, kScores}) ctx.set(output, dtype);
  if (ctx.has(kKey) != ctx.has(kValue)) ctx.fail("key and value must be given together");
  if (ctx.has(kPastKey) != ctx.has(kPastValue)) ctx.fail("past_key and past_value must be given together");
  if (op.do_rotary && !(ctx.has(kCos) && ctx.has(kSin))) ctx.fail("do_rotary needs cos_cache and sin_cache");
  const Dims* q = ctx.dims(kQuery);
  const Dims* v = ctx.dims(kValue);
  const Dims* past = ctx.dims(kPastKey);
  if (q == nullptr || (ctx.has(kValue) && v == nullptr)) return;
  if (q->size() != 3 || (v != nullptr && v->size() != 3)) ctx.fail("query and value must have rank 3");
  if (past != nullptr && past->size() != 4)
    throw_error(ErrorCode::InvalidModel, {"past_key ", *past, " must have rank 4"});
  const Dim width = floor_div((*q)[2], op.num_heads + (v == nullptr ? 2 * op.kv_num_heads : 0));
  const Dim v_width = v == nullptr ? width : floor_div((*v)[2], op.kv_num_heads);
  const auto total = ctx.contents(kTotal);
  const Dim keys = total && total->size() == 1 ? total->front() : ctx.unknown();
  Dim capacity = keys;
  if (ctx.has(kPastKey)) capacity = past != nullptr && total ? max(keys, (*past)[2]) : ctx.unknown();
  ctx.set(kOutput, dtype, Dims{(*q)[0], (*q)[1], v_width * op.num_heads});
  ctx.set(kPresentKey, dtype, Dims{(*q)[0], op.kv_num_heads, capacity, width});
  ctx.set(kPresentValue, dtype, Dims{(*q)[0], op.kv_num_heads, capacity, v_width});
  ctx.set(kScores, dtype, Dims{(*q)[0], op.num_heads, (*q)[1], keys});
}

struct Geometry : GroupQueryGeometry {
  int64_t longest = 0;               ///< keys of the longest sequence
  const CachedRows* rows = nullptr;  ///< of each batch entry
};

void read_lengths(const Operands& io, Geometry& g) {
  const int64_t batch = g.q.dims.batch, length = g.q.dims.rows;
  check_integers(io.in(kSeqlens), batch, "seqlens_k");
  if (io.has(kQuerySeqlens)) check_integers(io.in(kQuerySeqlens), batch, "query_seqlens");
  CachedRows* rows = io.scratch<CachedRows>(batch);
  for (int64_t b = 0; b < batch; ++b) {
    const int64_t keys = integer_at(io.in(kSeqlens), b) + 1;
    const int64_t most = std::min(keys, length);
    const int64_t fresh = io.has(kQuerySeqlens) ? integer_at(io.in(kQuerySeqlens), b) : most;
    if (keys < 0 || keys > g.total || fresh < 0 || fresh > most || keys - fresh > g.past_capacity) {
      throw_error(ErrorCode::InvalidArgument, {"sequence ", b, " with ", keys, " keys, ", fresh,
                                               " of them new, does not fit a total_sequence_length of ", g.total,
                                               " and a cache of ", g.past_capacity});
    }
    rows[b] = {keys - fresh, fresh};
    g.longest = std::max(g.longest, keys);
  }
  g.rows = rows;
}

Geometry geometry(const GroupQueryAttention& op, const Operands& io) {
  Geometry g{group_query_geometry(op, io)};
  read_lengths(io, g);
  return g;
}

// Rows of the tables for all positions; those of rows without a token do not matter.
const int64_t* positions(const Operands& io, const Geometry& g, int64_t table_rows) {
  const int64_t batch = g.q.dims.batch, length = g.q.dims.rows;
  int64_t* result = io.scratch<int64_t>(batch * length);
  const bool given = io.has(kPositions);
  if (given && !g.first_prompt) check_integers(io.in(kPositions), batch * length, "position_ids");
  const bool start = given && g.first_prompt && io.in(kPositions).elements() > 0;
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t s = 0; s < length; ++s) {
      int64_t at = g.rows[b].past + s;
      if (start) at = checked_position(integer_at(io.in(kPositions), 0), table_rows) + s;
      if (given && !g.first_prompt) at = integer_at(io.in(kPositions), b * length + s);
      result[b * length + s] = s < g.rows[b].fresh ? checked_position(at, table_rows) : 0;
    }
  }
  return result;
}

template <class T>
Rotation<T> rotation(const GroupQueryAttention& op, const Operands& io, const Geometry& g) {
  const Tensor &cos = io.in(kCos), &sin = io.in(kSin);
  check_rotary_tables(cos, sin, g.q.dims.width);
  return {2 * cos.shape()[1], op.rotary_interleaved, widen<T>(io, cos), widen<T>(io, sin),
          positions(io, g, cos.shape()[0])};
}

// x / sqrt(mean(x^2) + epsilon) * weight for the rows of each head.
template <class T>
Heads<const T> normalized(const Operands& io, const Heads<const T>& heads, const HeadDims& dims, Op::Input weight,
                          float epsilon) {
  if (!io.has(weight)) return heads;
  if (io.in(weight).elements() != dims.width) bad_input("the weight of a norm is not as wide as a head");
  const T* factors = widen<T>(io, io.in(weight));
  const Heads<T> result{io.scratch<T>(dims.elements()), dims.bnsh()};
  for_each_row(io.threads(), dims, [&](int64_t b, int64_t h, int64_t i) {
    std::copy_n(heads.at(b, h, i), dims.width, result.at(b, h, i));
  });
  NormRows<T, T> rows{};
  rows.x = rows.y = result.data;
  rows.width = dims.width;
  rows.rms = true;
  rows.epsilon = epsilon;
  rows.scale = factors;
  normalize_rows<T>(io, rows, dims.batch * dims.heads * dims.rows);
  return {result.data, result.layout};
}

template <class T>
const T* sinks(const GroupQueryAttention& op, const Operands& io) {
  if (io.has(kSink)) {
    if (io.in(kSink).elements() != op.num_heads) bad_input("head_sink must have one element for each head");
    return widen<T>(io, io.in(kSink));
  }
  if (op.smooth_softmax != 1) return nullptr;
  T* zeros = io.scratch<T>(op.num_heads);
  std::fill_n(zeros, op.num_heads, T{0});
  return zeros;
}

void run_cpu(const GroupQueryAttention& op, const Operands& io) {
  if (outputs_are_empty(io)) return;
  const Geometry g = geometry(op, io);
  const HeadDims &q = g.q.dims, &k = g.k.dims, &v = g.v.dims;
  Sequence* sequences = io.scratch<Sequence>(q.batch);
  for (int64_t b = 0; b < q.batch; ++b) sequences[b] = {g.rows[b].past + g.rows[b].fresh, g.rows[b].past};
  visit_wide(io.in(kQuery).dtype(), [&]<class T>() {
    Heads<const T> queries = normalized(io, g.q.read<T>(io), q, kQueryNorm, op.epsilon_of_queries());
    Heads<const T> fresh = normalized(io, g.k.read<T>(io), k, kKeyNorm, op.epsilon_of_keys());
    if (op.do_rotary) {
      const Rotation<T> angles = rotation<T>(op, io, g);
      queries = rotated_heads(io, angles, queries, q);
      fresh = rotated_heads(io, angles, fresh, k);
    }
    Attention<T> task{q.batch, q.heads, k.heads, q.rows, g.longest, q.width, v.width};
    task.q = queries;
    task.k = append_rows<T>(io, kv_cache(io, kPastKey, kPresentKey), fresh, k, g.rows);
    task.v = append_rows<T>(io, kv_cache(io, kPastValue, kPresentValue), g.v.read<T>(io), v, g.rows);
    task.scale = attention_scale<T>(op.scale, q.width);
    task.softcap = static_cast<T>(op.softcap);
    task.sequences = sequences;
    task.causal = op.causal;
    task.window = std::max<int64_t>(0, op.local_window_size);
    task.sinks = sinks<T>(op, io);
    if (io.has(kBias)) {
      const Shape scores{q.batch, q.heads, q.rows, g.total};
      task.bias[0] = score_bias<T>(io, io.in(kBias), scores, ShortMask::Broadcast);
    }
    const WideOutput<T> y(io, io.out(kOutput));
    task.out = {y.data(), HeadDims{q.batch, q.heads, q.rows, v.width}.bsnh()};
    std::optional<WideOutput<T>> kept;
    if (io.wants(kScores)) {
      task.scores = kept.emplace(io, io.out(kScores)).data();
      task.scores_row = g.total;
      std::fill_n(task.scores, q.batch * q.heads * q.rows * g.total, T{0});
    }
    task.stage = op.qk_output == 1 ? ScoreStage::Masked : ScoreStage::Softmax;
    task.hidden_score = 0;
    attention(io, task);
    y.store();
    if (kept) kept->store();
  });
}

constexpr DTypeSet kInteger{DType::I32};
constexpr DTypeSet kScale{DType::F32};

}  // namespace

GroupQueryGeometry group_query_geometry(const GroupQueryAttention& op, const Operands& io) {
  GroupQueryGeometry g;
  const Tensor& query = io.in(kQuery);
  if (io.has(kKey)) {
    g.q = whole_heads(query, op.num_heads);
    g.k = whole_heads(io.in(kKey), op.kv_num_heads);
    g.v = whole_heads(io.in(kValue), op.kv_num_heads);
  } else {
    const int64_t heads = op.num_heads + 2 * op.kv_num_heads;
    const int64_t width = query.shape().rank() == 3 ? query.shape()[2] / heads : 0;
    g.q = heads_of_row(query, 0, op.num_heads, width);
    g.k = heads_of_row(query, op.num_heads * width, op.kv_num_heads, width);
    g.v = heads_of_row(query, (op.num_heads + op.kv_num_heads) * width, op.kv_num_heads, width);
  }
  check_attention(g.q, g.k, g.v);
  if (g.q.dims.rows != g.k.dims.rows) bad_input("there are not as many new keys as queries");
  g.total = single_integer(io.in(kTotal), "total_sequence_length");
  if (io.has(kPastKey)) {
    const Shape& key = io.in(kPastKey).shape();
    const Shape& value = io.in(kPastValue).shape();
    g.past_capacity = key.rank() == 4 ? key[2] : 0;
    if (key != Shape{g.k.dims.batch, g.k.dims.heads, g.past_capacity, g.k.dims.width} ||
        value != Shape{g.k.dims.batch, g.k.dims.heads, g.past_capacity, g.v.dims.width}) {
      throw_error(ErrorCode::InvalidArgument,
                  {"past_key ", key, " and past_value ", value, " do not fit keys and values"});
    }
  }
  for (const Op::Output present : {kPresentKey, kPresentValue}) {
    if (!io.wants(present) || io.out(present).shape()[2] == std::max(g.total, g.past_capacity)) continue;
    throw_error(ErrorCode::InvalidArgument,
                {"total_sequence_length ", g.total, " does not fit present ", io.out(present)});
  }
  g.first_prompt = g.q.dims.rows == g.total && !io.has(kQuerySeqlens);
  return g;
}

void check_rotary_tables(const Tensor& cos, const Tensor& sin, int64_t width) {
  if (cos.shape().rank() == 2 && cos.shape() == sin.shape() && 2 * cos.shape()[1] <= width) return;
  throw_error(ErrorCode::InvalidArgument,
              {"cos_cache ", cos, " and sin_cache ", sin, " do not fit heads of width ", width});
}

MICA_OP(GroupQueryAttention, 1, com_microsoft) {
  return op<Op>()
      .input("query", types::floats)
      .optional_input("key", types::floats)
      .optional_input("value", types::floats)
      .optional_input("past_key", types::floats)
      .optional_input("past_value", types::floats)
      .input("seqlens_k", kInteger)
      .input("total_sequence_length", kInteger)
      .optional_input("cos_cache", types::floats)
      .optional_input("sin_cache", types::floats)
      .optional_input("position_ids", types::int64)
      .optional_input("attention_bias", types::floats)
      .optional_input("head_sink", types::floats)
      .optional_input("k_scale", kScale)
      .optional_input("v_scale", kScale)
      .optional_input("q_norm_weight", types::floats)
      .optional_input("k_norm_weight", types::floats)
      .optional_input("query_seqlens", kInteger)
      .output("output")
      .optional_output("present_key")
      .optional_output("present_value")
      .optional_output("output_qk")
      .required("num_heads", &Op::num_heads)
      .required("kv_num_heads", &Op::kv_num_heads)
      .attribute("scale", &Op::scale)
      .attribute("softcap", &Op::softcap)
      .attribute("local_window_size", &Op::local_window_size)
      .attribute("do_rotary", &Op::do_rotary)
      .attribute("rotary_interleaved", &Op::rotary_interleaved)
      .attribute("causal", &Op::causal)
      .attribute("smooth_softmax", &Op::smooth_softmax)
      .attribute("qk_output", &Op::qk_output)
      .attribute("qk_norm_epsilon", &Op::qk_norm_epsilon)
      .attribute("q_norm_epsilon", &Op::q_norm_epsilon)
      .attribute("k_norm_epsilon", &Op::k_norm_epsilon)
      .attribute("sliding_window_cache", &Op::sliding_window_cache)
      .attribute("kv_cache_bit_width", &Op::kv_cache_bit_width)
      .attribute("k_quant_type", &Op::k_quant_type)
      .attribute("v_quant_type", &Op::v_quant_type)
      .may_overwrite(kPresentKey, kPastKey)
      .may_overwrite(kPresentValue, kPastValue)
      .appends<row_axis<2, GroupQueryAttention>>(kPresentKey, kPastKey)
      .appends<row_axis<2, GroupQueryAttention>>(kPresentValue, kPastValue)
      .prepare<prepare>()
      .infer<infer>()
      .flops<attention_flops<kPastKey>>()
      .cpu<run_cpu>();
}

}  // namespace mica
