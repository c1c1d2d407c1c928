// Attention, com.microsoft 1: Q, K and V as one product of the input with packed weights [input, 2 * heads * width +
// heads * v_width], then softmax(scale * Q K' + masks) V. `past` and `present` are [2, batch, heads, rows, width], keys
// first; with past_present_share_buffer one buffer serves as both, filled up to `past_sequence_length`.
#include <algorithm>
#include <cmath>

#include "kernels/attention/head_operand.h"
#include "kernels/attention/kv_cache.h"
#include "kernels/attention/score_bias.h"
#include "kernels/matmul/gemm.h"
#include "kernels/matmul/packed.h"
#include "kernels/op.h"
#include "kernels/rope/rotate.h"
#include "kernels/shape/shape_input.h"

namespace mica {
namespace {

enum Input : size_t { kInput, kWeights, kTerms, kMask, kPast, kBias, kPastLength };
enum Output : size_t { kOutput, kPresent };

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

void prepare(PackedAttention& op, const NodeFacts&) {
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

void infer(const PackedAttention& op, InferContext& ctx) {
  for (const size_t i : {kWeights, kTerms, kPast, kBias}) same_dtype(ctx, kInput, i);
  const DType dtype = ctx.dtype(kInput);
  ctx.set(kOutput, dtype);
  ctx.set(kPresent, dtype);
  const Dims* x = ctx.dims(kInput);
  const Dims* w = ctx.dims(kWeights);
  const Dims* past = ctx.dims(kPast);
  if (x != nullptr && x->size() != 3) ctx.fail("input " + str(*x) + " must have rank 3");
  if (w != nullptr && w->size() != 2) ctx.fail("weights " + str(*w) + " must have rank 2");
  if (past != nullptr && past->size() != 5) ctx.fail("past " + str(*past) + " must have rank 5");
  if (x == nullptr || (w == nullptr && op.qkv_hidden_sizes.empty())) return;
  const bool sized = !op.qkv_hidden_sizes.empty();
  const Dim v_hidden = sized ? Dim(op.qkv_hidden_sizes[2]) : floor_div((*w)[1], 3);
  ctx.set(kOutput, dtype, Dims{(*x)[0], (*x)[1], v_hidden});
  Dim rows = (*x)[1];
  if (ctx.has(kPast)) {
    rows = past != nullptr ? (*past)[3] : ctx.unknown();
    if (!op.past_present_share_buffer) rows = rows + (*x)[1];
  }
  ctx.set(kPresent, dtype, Dims{2, (*x)[0], op.num_heads, rows, floor_div(v_hidden, op.num_heads)});
}

struct Geometry {
  HeadDims q, k, v;  ///< rows are those of the input
  int64_t packed = 0;
  int64_t past = 0;

  int64_t keys() const { return past + k.rows; }
};

Geometry geometry(const PackedAttention& op, const Operands& io) {
  const Shape& x = io.in(kInput).shape();
  const Shape& w = io.in(kWeights).shape();
  const int64_t heads = op.num_heads;
  if (x.rank() != 3 || w.rank() != 2 || w[0] != x[2]) {
    bad_input("weights " + w.str() + " do not fit input " + x.str());
  }
  const bool sized = !op.qkv_hidden_sizes.empty();
  const int64_t hidden = sized ? op.qkv_hidden_sizes[0] : w[1] / 3;
  const int64_t v_hidden = sized ? op.qkv_hidden_sizes[2] : w[1] / 3;
  if (2 * hidden + v_hidden != w[1] || hidden % heads != 0 || v_hidden % heads != 0) {
    bad_input("weights " + w.str() + " do not divide into Q, K and V of " + std::to_string(heads) + " heads");
  }
  if (io.has(kTerms) && io.in(kTerms).elements() != w[1]) {
    bad_input("bias " + io.in(kTerms).str() + " does not fit weights " + w.str());
  }
  const HeadDims dims{x[0], heads, x[1], hidden / heads};
  Geometry g{dims, dims, dims, w[1]};
  g.v.width = v_hidden / heads;
  if (io.has(kPast)) {
    const Shape& past = io.in(kPast).shape();
    g.past = past.rank() == 5 ? past[3] : 0;
    if (past != Shape{2, x[0], heads, g.past, g.v.width} || g.v.width != g.k.width) {
      bad_input("past " + past.str() + " does not fit keys and values");
    }
  }
  if (op.past_present_share_buffer && io.has(kPast)) {
    if (!io.has(kPastLength)) bad_input("a shared buffer needs past_sequence_length");
    const int64_t capacity = g.past;
    g.past = single_integer(io.in(kPastLength), "past_sequence_length");
    if (g.past < 0 || g.past > capacity - x[1]) {
      bad_input("past_sequence_length " + std::to_string(g.past) + " leaves no room in a buffer of " +
                std::to_string(capacity));
    }
  }
  if (io.wants(kPresent) && g.k.width != g.v.width) bad_input("present needs keys and values of the same width");
  return g;
}

std::shared_ptr<const PackedMatrices> prepack(const PackedAttention&, const ConstantOperands& constants) {
  return PackedMatrices::make(constants.in(kWeights), false);
}

// y = input * weights + bias, of rows x n elements.
void project(const Operands& io, int64_t rows, int64_t n, float* y) {
  const int64_t depth = io.in(kWeights).shape()[0];
  Product product{rows, n, depth, {widen<float>(io, io.in(kInput)), depth, 1}};
  if (const auto* packed = io.packed<PackedMatrices>(); packed != nullptr) {
    product.packed_b = packed->matrix(0);
  } else {
    product.b = {widen<float>(io, io.in(kWeights)), n, 1};
  }
  product.c = y;
  product.c_row = n;
  product.epilogue.addends[0] = {widen_optional<float>(io, kTerms), 0, 1};
  gemm(io, product);
}

void project(const Operands& io, int64_t rows, int64_t n, double* y) {
  const int64_t depth = io.in(kWeights).shape()[0];
  const double* terms = widen_optional<double>(io, kTerms);
  const Matrix<const double> x{widen<double>(io, io.in(kInput)), depth, 1}, w{widen<double>(io, io.in(kWeights)), n, 1};
  io.threads().parallel_for(rows, 8, [&](int64_t begin, int64_t end) {
    multiply<double>(end - begin, n, depth, x.from(begin, 0), w, {y + begin * n, n, 1});
    for (int64_t i = begin * n; i < end * n; ++i) y[i] += terms != nullptr ? terms[i % n] : 0;
  });
}

// Angles of the positions from `past` on: position / 10000^(2 i / width) for pair i, halves of a head paired.
template <class T>
Rotation<T> rotation(const PackedAttention& op, const Operands& io, const Geometry& g) {
  const int64_t width = op.rotary_embedding_dim > 0 ? op.rotary_embedding_dim : g.q.width;
  if (width > g.q.width || width % 2 != 0)
    bad_input("a head of width " + std::to_string(g.q.width) + " cannot be rotated");
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

void run_cpu(const PackedAttention& op, const Operands& io) {
  if (outputs_are_empty(io)) return;
  const Geometry g = geometry(op, io);
  const Shape scores{g.q.batch, g.q.heads, g.q.rows, g.keys()};
  CachedRows* rows = io.scratch<CachedRows>(g.q.batch);
  std::fill_n(rows, g.q.batch, CachedRows{g.past, g.k.rows});
  Sequence* sequences = io.scratch<Sequence>(g.q.batch);
  std::fill_n(sequences, g.q.batch, Sequence{g.keys(), g.past});
  visit_wide(io.in(kInput).dtype(), [&]<class T>() {
    T* packed = io.scratch<T>(g.q.batch * g.q.rows * g.packed);
    project(io, g.q.batch * g.q.rows, g.packed, packed);
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
    KvCache cache = kv_cache(io, kPast, kPresent);  // keys are part 0, values part 1
    cache.keep_rest = op.past_present_share_buffer && io.has(kPast);
    task.k = append_rows<T>(io, cache, k, g.k, rows);
    cache.part = 1;
    task.v = append_rows<T>(io, cache, v, g.v, rows);
    task.scale = attention_scale<T>(op.scale, g.q.width);
    task.sequences = sequences;
    task.causal = op.unidirectional;
    if (io.has(kMask)) task.bias[0] = key_mask_bias<T>(io, io.in(kMask), scores, g.past, op.mask_filter_value);
    if (io.has(kBias)) task.bias[1] = score_bias<T>(io, io.in(kBias), scores, ShortMask::Broadcast);
    const WideOutput<T> y(io, io.out(kOutput));
    task.out = {y.data(), HeadDims{g.q.batch, g.q.heads, g.q.rows, g.v.width}.bsnh()};
    attention(io, task);
    y.store();
  });
}

constexpr DTypeSet kInteger{DType::I32};

}  // namespace

MICA_OP(Attention, 1, com_microsoft) {
  using Op = PackedAttention;
  return op<Op>()
      .input("input", types::floats)
      .input("weights", types::floats)
      .optional_input("bias", types::floats)
      .optional_input("mask_index", kInteger)
      .optional_input("past", types::floats)
      .optional_input("attention_bias", types::floats)
      .optional_input("past_sequence_length", kInteger)
      .output("output")
      .optional_output("present")
      .required("num_heads", &Op::num_heads)
      .attribute("scale", &Op::scale)
      .attribute("mask_filter_value", &Op::mask_filter_value)
      .attribute("unidirectional", &Op::unidirectional)
      .attribute("do_rotary", &Op::do_rotary)
      .attribute("rotary_embedding_dim", &Op::rotary_embedding_dim)
      .attribute("past_present_share_buffer", &Op::past_present_share_buffer)
      .attribute("qkv_hidden_sizes", &Op::qkv_hidden_sizes)
      .may_overwrite(kPresent, kPast)
      .appends<row_axis<3, PackedAttention>>(kPresent, kPast)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>()
      .prepack<prepack>();
}

}  // namespace mica
