#include "kernels/attention/packed_attention.h"

#include <algorithm>
#include <cmath>

#include "kernels/attention/kv_cache.h"
#include "kernels/attention/score_bias.h"
#include "kernels/rope/rotate.h"
#include "kernels/shape/shape_input.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

enum Input : size_t { kInput, kWeights };
enum Output : size_t { kOutput, kPresent };

// Angles of the positions from `past` on: position / 10000^(2 i / width) for pair i, halves of a head paired.
template <class T>
Rotation<T> rotation(const PackedAttention& op, const Operands& io, const PackedGeometry& g) {
  const int64_t width = op.rotary_embedding_dim > 0 ? op.rotary_embedding_dim : g.q.width;
  if (width > g.q.width || width % 2 != 0)
    throw_error(ErrorCode::InvalidArgument, {"a head of width ", g.q.width, " cannot be rotated"});
  const int64_t pairs = width / 2;
  T* cos = io.scratch<T>(g.q.rows * pairs);
  T* sin = io.scratch<T>(g.q.rows * pairs);
  int64_t* rows = io.scratch<int64_t>(g.q.batch * g.q.rows);
  for (int64_t n = 0; n < g.q.batch * g.q.rows; ++n) rows[n] = n % g.q.rows;
  for (int64_t s = 0; s < g.q.rows; ++s) {
    for (int64_t i = 0; i < pairs; ++i) {
      const double frequency = std::pow(10000.0, -2.0 * static_cast<double>(i) / static_cast<double>(width));
      const double angle = static_cast<double>(g.past + s) * frequency;
      cos[s * pairs + i] = static_cast<T>(std::cos(angle));
      sin[s * pairs + i] = static_cast<T>(std::sin(angle));
    }
  }
  return {width, false, cos, sin, rows};
}

}  // namespace

void check_packed_attention(PackedAttention& op, const NodeFacts&) {
  const auto fail = [](const std::string& message) { throw Error(ErrorCode::InvalidModel, message); };
  check_heads(op.num_heads);
  if (op.rotary_embedding_dim < 0 || op.rotary_embedding_dim % 2 != 0) fail("rotary_embedding_dim is not even");
  const auto& sizes = op.qkv_hidden_sizes;
  if (sizes.empty()) return;
  if (sizes.size() != 3 || sizes[0] != sizes[1]) fail("qkv_hidden_sizes must be three, the first two the same");
  for (const int64_t size : sizes) {
    if (size < 1 || size % op.num_heads != 0)
      fail("hidden size " + std::to_string(size) + " does not divide into heads");
  }
}

void infer_packed_attention(const PackedAttention& op, InferContext& ctx, const PackedInputs& inputs, DType dtype) {
  for (const size_t i : {inputs.past, inputs.bias}) same_dtype(ctx, inputs.terms, i);
  ctx.set(kOutput, dtype);
  ctx.set(kPresent, dtype);
  const Dims* x = ctx.dims(kInput);
  const Dims* w = ctx.dims(kWeights);
  const Dims* past = ctx.dims(inputs.past);
  if (x != nullptr && x->size() != 3) throw_error(ErrorCode::InvalidModel, {"input ", *x, " must have rank 3"});
  if (w != nullptr && w->size() != 2) throw_error(ErrorCode::InvalidModel, {"weights ", *w, " must have rank 2"});
  if (past != nullptr && past->size() != 5) throw_error(ErrorCode::InvalidModel, {"past ", *past, " must have rank 5"});
  if (x == nullptr || (w == nullptr && op.qkv_hidden_sizes.empty())) return;
  const bool sized = !op.qkv_hidden_sizes.empty();
  const Dim v_hidden = sized ? Dim(op.qkv_hidden_sizes[2]) : floor_div((*w)[1], 3);
  ctx.set(kOutput, dtype, Dims{(*x)[0], (*x)[1], v_hidden});
  Dim rows = (*x)[1];
  if (ctx.has(inputs.past)) {
    rows = past != nullptr ? (*past)[3] : ctx.unknown();
    if (!op.past_present_share_buffer) rows = rows + (*x)[1];
  }
  ctx.set(kPresent, dtype, Dims{2, (*x)[0], op.num_heads, rows, floor_div(v_hidden, op.num_heads)});
}

PackedGeometry::PackedGeometry(const PackedAttention& op, const Operands& io, const PackedInputs& inputs) {
  const Shape& x = io.in(kInput).shape();
  const Shape& w = io.in(kWeights).shape();
  const int64_t heads = op.num_heads;
  if (x.rank() != 3 || w.rank() != 2 || w[0] != x[2]) {
    throw_error(ErrorCode::InvalidArgument, {"weights ", w, " do not fit input ", x});
  }
  const bool sized = !op.qkv_hidden_sizes.empty();
  const int64_t hidden = sized ? op.qkv_hidden_sizes[0] : w[1] / 3;
  const int64_t v_hidden = sized ? op.qkv_hidden_sizes[2] : w[1] / 3;
  if (2 * hidden + v_hidden != w[1] || hidden % heads != 0 || v_hidden % heads != 0) {
    throw_error(ErrorCode::InvalidArgument, {"weights ", w, " do not divide into Q, K and V of ", heads, " heads"});
  }
  if (io.has(inputs.terms) && io.in(inputs.terms).elements() != w[1]) {
    throw_error(ErrorCode::InvalidArgument, {"bias ", io.in(inputs.terms), " does not fit weights ", w});
  }
  const HeadDims dims{x[0], heads, x[1], hidden / heads};
  q = k = v = dims;
  v.width = v_hidden / heads;
  packed = w[1];
  if (io.has(inputs.past)) {
    const Shape& given = io.in(inputs.past).shape();
    past = given.rank() == 5 ? given[3] : 0;
    if (given != Shape{2, x[0], heads, past, v.width} || v.width != k.width) {
      throw_error(ErrorCode::InvalidArgument, {"past ", given, " does not fit keys and values"});
    }
  }
  if (op.past_present_share_buffer && io.has(inputs.past)) {
    if (!io.has(inputs.past_length)) bad_input("a shared buffer needs past_sequence_length");
    const int64_t capacity = past;
    past = single_integer(io.in(inputs.past_length), "past_sequence_length");
    if (past < 0 || past > capacity - x[1]) {
      throw_error(ErrorCode::InvalidArgument,
                  {"past_sequence_length ", past, " leaves no room in a buffer of ", capacity});
    }
  }
  if (io.wants(kPresent) && k.width != v.width) bad_input("present needs keys and values of the same width");
}

template <class T>
void packed_attention(const PackedAttention& op, const Operands& io, const PackedInputs& inputs,
                      const PackedGeometry& g, const T* packed) {
  const Shape scores{g.q.batch, g.q.heads, g.q.rows, g.keys()};
  CachedRows* rows = io.scratch<CachedRows>(g.q.batch);
  std::fill_n(rows, g.q.batch, CachedRows{g.past, g.k.rows});
  Sequence* sequences = io.scratch<Sequence>(g.q.batch);
  std::fill_n(sequences, g.q.batch, Sequence{g.keys(), g.past});
  const int64_t hidden = g.q.heads * g.q.width;
  Heads<const T> q{packed, g.q.packed_bsnh(0, g.packed)};
  Heads<const T> k{packed, g.k.packed_bsnh(hidden, g.packed)};
  const Heads<const T> v{packed, g.v.packed_bsnh(2 * hidden, g.packed)};
  if (op.do_rotary) {
    const Rotation<T> angles = rotation<T>(op, io, g);
    q = rotated_heads(io, angles, q, g.q);
    k = rotated_heads(io, angles, k, g.k);
  }
  Attention<T> task{g.q.batch, g.q.heads, g.k.heads, g.q.rows, g.keys(), g.q.width, g.v.width};
  task.q = q;
  KvCache cache = kv_cache(io, inputs.past, kPresent);  // keys are part 0, values part 1
  cache.keep_rest = op.past_present_share_buffer && io.has(inputs.past);
  task.k = append_rows<T>(io, cache, k, g.k, rows);
  cache.part = 1;
  task.v = append_rows<T>(io, cache, v, g.v, rows);
  task.scale = attention_scale<T>(op.scale, g.q.width);
  task.sequences = sequences;
  task.causal = op.unidirectional;
  if (io.has(inputs.mask))
    task.bias[0] = key_mask_bias<T>(io, io.in(inputs.mask), scores, g.past, op.mask_filter_value);
  if (io.has(inputs.bias)) task.bias[1] = score_bias<T>(io, io.in(inputs.bias), scores, ShortMask::Broadcast);
  const WideOutput<T> y(io, io.out(kOutput));
  task.out = {y.data(), HeadDims{g.q.batch, g.q.heads, g.q.rows, g.v.width}.bsnh()};
  attention(io, task);
  y.store();
}

template void packed_attention<float>(const PackedAttention&, const Operands&, const PackedInputs&,
                                      const PackedGeometry&, const float*);
template void packed_attention<double>(const PackedAttention&, const Operands&, const PackedInputs&,
                                       const PackedGeometry&, const double*);

}  // namespace mica
