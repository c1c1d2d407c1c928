// MultiHeadAttention, com.microsoft 1: softmax(scale * Q K' + masks) V after biases on Q, K and V. These come as
//   query, key, value [batch, length, heads * width]          each by itself
//   query, key [batch, length, heads, 2, width]               keys and values packed
//   query [batch, length, heads, 3, width] or
//         [batch, length, 3 * heads * width]                  all packed
//   query, key, value [batch, heads, length, width]           keys and values of the other sequence, biases included
// with a cache of past keys and values, or one buffer for past and present, filled up to `past_sequence_length`.
// DecoderMaskedMultiHeadAttention, com.microsoft 1: the same for one query a sequence; `cache_indirection` [batch,
// beams, longest] tells from which beam each past row of a beam is.
#include "kernels/attention/multi_head_attention.h"

#include <algorithm>
#include <limits>

#include "kernels/attention/kv_cache.h"
#include "kernels/attention/score_bias.h"
#include "kernels/flop_rules.h"
#include "kernels/op.h"
#include "kernels/shape/shape_input.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

using enum MultiHeadAttention::Input;
using enum MultiHeadAttention::Output;
void prepare(MultiHeadAttention& op, const NodeFacts& facts) {
  op.outputs = facts.outputs;
  check_heads(op.num_heads);
}

void infer(const MultiHeadAttention& op, InferContext& ctx) {
  const auto& slots = op.slots;
  for (const size_t i : std::initializer_list<size_t>{kKey, kValue, slots.bias, slots.past_key, slots.past_value}) {
    same_dtype(ctx, 0, i);
  }
  const DType dtype = ctx.dtype(0);
  for (const MultiHeadAttention::Output output : {kOutput, kPresentKey, kPresentValue, kScores}) ctx.set(output, dtype);
  if (ctx.has(op.slots.past_key) != ctx.has(op.slots.past_value)) {
    ctx.fail("past_key and past_value must be given together");
  }
  const Dims* q = ctx.dims(kQuery);
  const Dims* k = ctx.dims(kKey);
  const Dims* v = ctx.dims(kValue);
  const Dims* past = ctx.dims(op.slots.past_key);
  if (q == nullptr || (ctx.has(kKey) && k == nullptr) || (ctx.has(kValue) && v == nullptr)) return;
  if (q->size() != (k == nullptr ? 5 : 3) && !(k == nullptr && q->size() == 3)) {
    throw_error(ErrorCode::InvalidModel, {"query ", *q, " has the wrong rank"});
  }
  if (past != nullptr && past->size() != 4)
    throw_error(ErrorCode::InvalidModel, {"past_key ", *past, " must have rank 4"});
  const bool packed = k == nullptr;
  const Dim hidden = q->size() == 5 ? (*q)[4] * op.num_heads : packed ? floor_div((*q)[2], 3) : (*q)[2];
  const Dim width = floor_div(hidden, op.num_heads);
  Dim fresh = (*q)[1], v_hidden = hidden;
  if (!packed) {
    if (k->size() < 3 || k->size() > 5 || (v == nullptr) != (k->size() == 5) ||
        (v != nullptr && v->size() != k->size())) {
      throw_error(ErrorCode::InvalidModel,
                  {"key ", *k, (v == nullptr ? ", without value" : " and value " + str(*v)), ", do not fit"});
    }
    fresh = (*k)[k->size() == 4 ? 2 : 1];
    if (v != nullptr) v_hidden = v->size() == 4 ? (*v)[1] * (*v)[3] : (*v)[2];
  }
  Dim rows = fresh, keys = fresh;
  if (ctx.has(op.slots.past_key)) {
    const Dim before = past != nullptr ? (*past)[2] : ctx.unknown();
    const auto length = ctx.contents(op.slots.past_length);
    const bool shared = op.shares_buffer(ctx);
    rows = shared ? before : before + fresh;
    keys = !shared ? rows : length && length->size() == 1 ? length->front() + fresh : ctx.unknown();
  }
  const Dim v_width = floor_div(v_hidden, op.num_heads);
  ctx.set(kOutput, dtype, Dims{(*q)[0], (*q)[1], v_hidden});
  ctx.set(kPresentKey, dtype, Dims{(*q)[0], op.num_heads, rows, width});
  ctx.set(kPresentValue, dtype, Dims{(*q)[0], op.num_heads, rows, v_width});
  ctx.set(kScores, dtype, Dims{(*q)[0], op.num_heads, (*q)[1], keys});
}

void add_past(const MultiHeadAttention& op, const Operands& io, MultiHeadGeometry& g) {
  if (!io.has(op.slots.past_key)) return;
  const Shape& key = io.in(op.slots.past_key).shape();
  const Shape& value = io.in(op.slots.past_value).shape();
  g.past = key.rank() == 4 ? key[2] : 0;
  if (key != Shape{g.k.dims.batch, op.num_heads, g.past, g.k.dims.width} ||
      value != Shape{g.k.dims.batch, op.num_heads, g.past, g.v.dims.width}) {
    throw_error(ErrorCode::InvalidArgument,
                {"past_key ", key, " and past_value ", value, " do not fit keys and values"});
  }
  if (!op.shares_buffer(io)) return;
  if (!io.has(op.slots.past_length)) bad_input("a shared buffer needs past_sequence_length");
  const int64_t capacity = g.past;
  g.past = single_integer(io.in(op.slots.past_length), "past_sequence_length");
  if (g.past < 0 || g.past > capacity - g.k.dims.rows) {
    throw_error(ErrorCode::InvalidArgument, {"past_sequence_length ", g.past, " leaves no room in the buffer ", key});
  }
}

// Past rows taken from the beams that they come from, and the new ones behind them.
template <class T>
Heads<const T> from_beams(const MultiHeadAttention& op, const Operands& io, const Heads<const T>& heads, HeadDims dims,
                          int64_t past) {
  if (!io.has(op.slots.indirection)) return heads;
  const Tensor& indirection = io.in(op.slots.indirection);
  const Shape& shape = indirection.shape();
  check_integers(indirection, indirection.elements(), "cache_indirection");
  if (shape.rank() != 3 || shape[0] * shape[1] != dims.batch || shape[2] < past) {
    throw_error(ErrorCode::InvalidArgument, {"cache_indirection ", indirection, " does not fit ", dims.batch,
                                             " sequences with ", past, " past rows"});
  }
  const int64_t beams = shape[1];
  for (int64_t i = 0; i < indirection.elements(); ++i) {
    const int64_t beam = integer_at(indirection, i);
    if (i % shape[2] < past && (beam < 0 || beam >= beams)) {
      throw_error(ErrorCode::InvalidArgument, {"cache_indirection has beam ", beam, " of ", beams});
    }
  }
  const Heads<T> gathered{io.scratch<T>(dims.elements()), dims.bnsh()};
  for_each_row(io.threads(), dims, [&](int64_t b, int64_t h, int64_t i) {
    const int64_t from = i < past ? b / beams * beams + integer_at(indirection, b * shape[2] + i) : b;
    std::copy_n(heads.at(from, h, i), dims.width, gathered.at(b, h, i));
  });
  return {gathered.data, gathered.layout};
}

void run_cpu(const MultiHeadAttention& op, const Operands& io) {
  if (outputs_are_empty(io)) return;
  const MultiHeadGeometry g = multi_head_geometry(op, io);
  const HeadDims &q = g.q.dims, &k = g.k.dims, &v = g.v.dims;
  const Shape scores{q.batch, q.heads, q.rows, g.keys()};
  CachedRows* rows = io.scratch<CachedRows>(q.batch);
  std::fill_n(rows, q.batch, CachedRows{g.past, k.rows});
  Sequence* sequences = io.scratch<Sequence>(q.batch);
  std::fill_n(sequences, q.batch, Sequence{g.keys(), g.past});
  visit_wide(io.in(kQuery).dtype(), [&]<class T>() {
    const T* bias = widen_optional<T>(io, op.slots.bias);
    const bool all = bias != nullptr && !g.projected;
    const auto read = [&](const HeadOperand& operand, const T* terms) {
      return add_to_heads<T>(io, operand.read<T>(io), operand.dims, terms);
    };
    const auto join = [&](const HeadOperand& operand, const T* terms, size_t past, MultiHeadAttention::Output present) {
      KvCache cache = kv_cache(io, past, present);
      cache.keep_rest = op.shares_buffer(io);
      const auto joined = append_rows<T>(io, cache, read(operand, terms), operand.dims, rows);
      return from_beams<T>(op, io, joined, {q.batch, q.heads, g.keys(), operand.dims.width}, g.past);
    };
    Attention<T> task{q.batch, q.heads, k.heads, q.rows, g.keys(), q.width, v.width};
    task.q = read(g.q, bias);
    task.k = join(g.k, all ? bias + q.heads * q.width : nullptr, op.slots.past_key, kPresentKey);
    task.v = join(g.v, all ? bias + 2 * q.heads * q.width : nullptr, op.slots.past_value, kPresentValue);
    task.scale = attention_scale<T>(op.scale, q.width);
    task.sequences = sequences;
    task.causal = op.unidirectional && q.rows > 1;  // a single query is taken to be the last position
    if (io.has(op.slots.mask)) {
      task.bias[0] = key_mask_bias<T>(io, io.in(op.slots.mask), scores, g.past, op.mask_filter_value);
    }
    if (io.has(op.slots.attention_bias)) {
      task.bias[1] = score_bias<T>(io, io.in(op.slots.attention_bias), scores, ShortMask::Broadcast);
    }
    const WideOutput<T> y(io, io.out(kOutput));
    task.out = {y.data(), HeadDims{q.batch, q.heads, q.rows, v.width}.bsnh()};
    std::optional<WideOutput<T>> kept;
    if (io.wants(kScores)) task.scores = kept.emplace(io, io.out(kScores)).data();
    task.stage = ScoreStage::Masked;
    task.hidden_score = std::numeric_limits<T>::lowest();
    attention(io, task);
    y.store();
    if (kept) kept->store();
  });
}

Dim flops(const MultiHeadAttention& op, const OperandDims& dims) {
  return attention_flops(dims, op.slots.past_key);
}

OpBuilder<MultiHeadAttention> multi_head(const MultiHeadAttention::Slots& slots) {
  MultiHeadAttention prototype;
  prototype.slots = slots;
  return op(prototype)
      .input("query", types::floats)
      .optional_input("key", types::floats)
      .optional_input("value", types::floats)
      .output("output")
      .optional_output("present_key")
      .optional_output("present_value")
      .optional_output("qk")
      .required("num_heads", &MultiHeadAttention::num_heads)
      .attribute("scale", &MultiHeadAttention::scale)
      .attribute("mask_filter_value", &MultiHeadAttention::mask_filter_value)
      .may_overwrite(kPresentKey, slots.past_key)
      .may_overwrite(kPresentValue, slots.past_value)
      .appends<row_axis<2, MultiHeadAttention>>(kPresentKey, slots.past_key)
      .appends<row_axis<2, MultiHeadAttention>>(kPresentValue, slots.past_value)
      .prepare<prepare>()
      .infer<infer>()
      .flops<flops>()
      .cpu<run_cpu>();
}

constexpr DTypeSet kInteger{DType::I32};

}  // namespace

MultiHeadGeometry multi_head_geometry(const MultiHeadAttention& op, const Operands& io) {
  MultiHeadGeometry g;
  const int64_t heads = op.num_heads;
  const Tensor& query = io.in(kQuery);
  if (io.has(kKey)) {
    const Tensor& key = io.in(kKey);
    g.q = whole_heads(query, heads);
    g.k = io.has(kValue) ? whole_heads(key, heads) : part_of_heads(key, 0, 2, heads);
    g.v = io.has(kValue) ? whole_heads(io.in(kValue), heads) : part_of_heads(key, 1, 2, heads);
    g.projected = key.shape().rank() == 4;
  } else if (query.shape().rank() == 5) {
    g.q = part_of_heads(query, 0, 3, heads);
    g.k = part_of_heads(query, 1, 3, heads);
    g.v = part_of_heads(query, 2, 3, heads);
  } else {
    const int64_t hidden = query.shape().rank() == 3 ? query.shape()[2] / 3 : 0;
    g.q = heads_of_row(query, 0, heads, hidden / heads);
    g.k = heads_of_row(query, hidden, heads, hidden / heads);
    g.v = heads_of_row(query, 2 * hidden, heads, hidden / heads);
  }
  check_attention(g.q, g.k, g.v);
  if (g.q.dims.heads != heads || g.k.dims.heads != heads) bad_input("inputs do not have the heads that num_heads says");
  const int64_t terms = heads * (g.q.dims.width + g.k.dims.width + g.v.dims.width);
  if (io.has(op.slots.bias) && io.in(op.slots.bias).elements() != terms) {
    throw_error(ErrorCode::InvalidArgument, {"bias ", io.in(op.slots.bias), " does not have ", terms, " elements"});
  }
  add_past(op, io, g);
  return g;
}

MICA_OP(MultiHeadAttention, 1, com_microsoft) {
  return multi_head(MultiHeadAttention::kMultiHead)
      .attribute("unidirectional", &MultiHeadAttention::unidirectional)
      .optional_input("bias", types::floats)
      .optional_input("key_padding_mask", kInteger)
      .optional_input("attention_bias", types::floats)
      .optional_input("past_key", types::floats)
      .optional_input("past_value", types::floats)
      .optional_input("past_sequence_length", kInteger)
      .optional_input("cache_indirection", kInteger);
}

MICA_OP(DecoderMaskedMultiHeadAttention, 1, com_microsoft) {
  return multi_head(MultiHeadAttention::kDecoder)
      .attribute("past_present_share_buffer", &MultiHeadAttention::past_present_share_buffer)
      .ignored_attribute("output_qk")
      .optional_input("mask_index", kInteger)
      .optional_input("attention_bias", types::floats)
      .optional_input("past_key", types::floats)
      .optional_input("past_value", types::floats)
      .optional_input("past_sequence_length", kInteger)
      .optional_input("beam_width", kInteger)
      .optional_input("cache_indirection", kInteger)
      .optional_input("bias", types::floats);
}

}  // namespace mica
