// LinearAttention, ai.onnx 27 and com.microsoft 1: attention by a state S [d_k, d_v] for each key and value head, that
// every position updates and then reads, o_t = scale * S_t' q_t:
//   linear       S_t = S_(t-1) + k_t v_t'
//   gated        S_t = e^(g_t) S_(t-1) + k_t v_t'
//   delta        S_t = S_(t-1) + beta_t k_t (v_t - S_(t-1)' k_t)'
//   gated_delta  the same on e^(g_t) S_(t-1) instead of S_(t-1)
// Heads are packed into the last axis. In com.microsoft there may be more heads of keys than of queries, and with
// `state_window` the states after the last W positions are kept, the last of which is read.
#include <algorithm>
#include <cmath>

#include "kernels/attention/head_operand.h"
#include "kernels/op.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

enum Input : size_t { kQuery, kKey, kValue, kPastState, kDecay, kBeta };

struct LinearAttention {
  int64_t q_num_heads = 0, kv_num_heads = 0;
  float scale = 0;  ///< 0: 1 / sqrt(d_k)
  std::string update_rule = "gated_delta";
  int64_t state_window = 0;
  bool microsoft = false;

  bool gated = false, delta = false;

  int64_t out_heads() const { return std::max(q_num_heads, kv_num_heads); }
};

void prepare(LinearAttention& op, const NodeFacts&) {
  const auto fail = [](const std::string& message) { throw Error(ErrorCode::InvalidModel, message); };
  op.gated = op.update_rule == "gated" || op.update_rule == "gated_delta";
  op.delta = op.update_rule == "delta" || op.update_rule == "gated_delta";
  if (!op.gated && !op.delta && op.update_rule != "linear") fail("update_rule \"" + op.update_rule + "\" is unknown");
  const int64_t q = op.q_num_heads, kv = op.kv_num_heads;
  check_heads(q);
  check_heads(kv);
  if (q % kv != 0 && !(op.microsoft && kv % q == 0)) {
    fail(std::to_string(q) + " query heads cannot share " + std::to_string(kv) + " key heads");
  }
  if (op.state_window < 0 || op.state_window > 8)
    fail("state_window " + std::to_string(op.state_window) + " is not 0 to 8");
}

void infer(const LinearAttention& op, InferContext& ctx) {
  for (const size_t i : {kKey, kValue, kDecay, kBeta}) same_dtype(ctx, kQuery, i);
  const DType dtype = ctx.dtype(kQuery);
  const DType state_dtype = ctx.has(kPastState) ? ctx.dtype(kPastState) : dtype;
  ctx.set(0, dtype);
  ctx.set(1, state_dtype);
  if (ctx.has(kDecay) != op.gated) ctx.fail("decay must be given for the gated update rules, and only for these");
  if (ctx.has(kBeta) != op.delta) ctx.fail("beta must be given for the delta update rules, and only for these");
  const Dims* q = ctx.dims(kQuery);
  const Dims* k = ctx.dims(kKey);
  const Dims* v = ctx.dims(kValue);
  for (const Dims* dims : {q, k, v}) {
    if (dims != nullptr && dims->size() != 3)
      throw_error(ErrorCode::InvalidModel, {"query, key and value must have rank 3, not ", *dims});
  }
  if (q == nullptr || k == nullptr || v == nullptr) return;
  const Dim batch = ctx.merge(ctx.merge((*q)[0], (*k)[0], "batch sizes"), (*v)[0], "batch sizes");
  const Dim length = ctx.merge(ctx.merge((*q)[1], (*k)[1], "lengths"), (*v)[1], "lengths");
  const Dim d_v = floor_div((*v)[2], op.kv_num_heads);
  ctx.set(0, dtype, Dims{batch, length, d_v * op.out_heads()});
  Dims state{batch, op.kv_num_heads, floor_div((*q)[2], op.q_num_heads), d_v};
  if (op.state_window > 0) state.insert(state.begin(), op.state_window);
  ctx.set(1, state_dtype, std::move(state));
}

HeadDims packed(const Tensor& tensor, int64_t heads) {
  const Shape& shape = tensor.shape();
  if (shape.rank() != 3 || shape[2] % heads != 0)
    throw_error(ErrorCode::InvalidArgument, {tensor, " does not divide into heads"});
  return {shape[0], heads, shape[1], shape[2] / heads};
}

struct Gates {
  Heads<const float> decay, beta;
  int64_t decay_step = 0;  ///< between the elements of a key; 0: a head has one
};

/// state = e^decay * state
void decay_state(float* state, int64_t d_k, int64_t d_v, const float* decay, int64_t step) {
  for (int64_t i = 0; i < d_k; ++i) {
    const float factor = std::exp(decay[i * step]);
    for (int64_t j = 0; j < d_v; ++j) state[i * d_v + j] *= factor;
  }
}

/// y = scale * state' x
void read_state(const float* state, int64_t d_k, int64_t d_v, const float* x, float scale, float* y) {
  std::fill_n(y, d_v, 0.0f);
  for (int64_t i = 0; i < d_k; ++i) {
    const float factor = scale * x[i];
    for (int64_t j = 0; j < d_v; ++j) y[j] += factor * state[i * d_v + j];
  }
}

/// state += x y'
void write_state(float* state, int64_t d_k, int64_t d_v, const float* x, const float* y) {
  for (int64_t i = 0; i < d_k; ++i) {
    for (int64_t j = 0; j < d_v; ++j) state[i * d_v + j] += x[i] * y[j];
  }
}

struct Task {
  Heads<const float> q, k, v;
  Gates gates = {};
  Heads<float> out = {};
  int64_t length = 0, d_k = 0, d_v = 0;
  float scale = 1;
  const float* past = nullptr;  ///< states of all batch entries and heads; null: zeros
  float* present = nullptr;     ///< the same, `windows` times
  int64_t windows = 1, window_size = 0;
  float* update = nullptr;  ///< scratch of d_v elements for each state
};

// All positions of key head h of batch entry b.
void run_head(const LinearAttention& op, const Task& task, int64_t b, int64_t h) {
  const int64_t n = b * op.kv_num_heads + h, size = task.d_k * task.d_v;
  float* last = task.present + (task.windows - 1) * task.window_size + n * size;
  if (task.past != nullptr) {
    std::copy_n(task.past + n * size, size, last);
  } else {
    std::fill_n(last, size, 0.0f);
  }
  for (int64_t w = 0; w + 1 < task.windows; ++w) {
    std::fill_n(task.present + w * task.window_size + n * size, size, 0.0f);
  }
  const int64_t group = std::max<int64_t>(1, op.q_num_heads / op.kv_num_heads);
  const int64_t shared = std::max<int64_t>(1, op.kv_num_heads / op.q_num_heads);
  float* update = task.update + n * task.d_v;
  for (int64_t t = 0; t < task.length; ++t) {
    const float* k = task.k.at(b, h, t);
    const float* v = task.v.at(b, h, t);
    if (op.gated) decay_state(last, task.d_k, task.d_v, task.gates.decay.at(b, h, t), task.gates.decay_step);
    if (op.delta) {
      const float beta = *task.gates.beta.at(b, h, t);
      read_state(last, task.d_k, task.d_v, k, 1.0f, update);
      for (int64_t j = 0; j < task.d_v; ++j) update[j] = beta * (v[j] - update[j]);
      v = update;
    }
    write_state(last, task.d_k, task.d_v, k, v);
    for (int64_t i = h * group; i < (h + 1) * group; ++i) {
      read_state(last, task.d_k, task.d_v, task.q.at(b, i / shared, t), task.scale, task.out.at(b, i, t));
    }
    const int64_t window = task.windows - task.length + t;
    if (window >= 0 && window + 1 < task.windows) {
      std::copy_n(last, size, task.present + window * task.window_size + n * size);
    }
  }
}

void run_cpu(const LinearAttention& op, const Operands& io) {
  if (outputs_are_empty(io)) return;
  const HeadDims q = packed(io.in(kQuery), op.q_num_heads);
  const HeadDims k = packed(io.in(kKey), op.kv_num_heads);
  const HeadDims v = packed(io.in(kValue), op.kv_num_heads);
  if (q.batch != k.batch || k.batch != v.batch || q.rows != k.rows || k.rows != v.rows || q.width != k.width) {
    throw_error(ErrorCode::InvalidArgument,
                {"query ", io.in(kQuery), ", key ", io.in(kKey), " and value ", io.in(kValue), " do not fit"});
  }
  const int64_t states = q.batch * op.kv_num_heads * k.width * v.width;
  if (io.has(kPastState) && io.in(kPastState).shape() != io.out(1).shape()) {
    throw_error(ErrorCode::InvalidArgument,
                {"past_state ", io.in(kPastState), " does not fit present_state ", io.out(1)});
  }
  const auto read = [&](size_t input, const HeadDims& dims) {
    return Heads<const float>{widen<float>(io, io.in(input)), dims.bsnh()};
  };
  Task task{read(kQuery, q), read(kKey, k), read(kValue, v)};
  task.length = q.rows;
  task.d_k = q.width;
  task.d_v = v.width;
  task.windows = std::max<int64_t>(1, op.state_window);
  task.window_size = states;
  if (io.has(kDecay)) {
    const HeadDims dims = packed(io.in(kDecay), op.kv_num_heads);
    if (dims.batch != q.batch || dims.rows != q.rows || (dims.width != 1 && dims.width != q.width)) {
      throw_error(ErrorCode::InvalidArgument, {"decay ", io.in(kDecay), " does not fit key ", io.in(kKey)});
    }
    task.gates.decay = read(kDecay, dims);
    task.gates.decay_step = dims.width == 1 ? 0 : 1;
  }
  if (io.has(kBeta)) {
    const bool single = io.in(kBeta).shape() == Shape{q.batch, q.rows, 1};
    if (!single && io.in(kBeta).shape() != Shape{q.batch, q.rows, op.kv_num_heads}) {
      throw_error(ErrorCode::InvalidArgument, {"beta ", io.in(kBeta), " does not fit key ", io.in(kKey)});
    }
    task.gates.beta = read(kBeta, {q.batch, single ? 1 : op.kv_num_heads, q.rows, 1});
    if (single) task.gates.beta.layout.head = 0;
  }
  if (io.has(kPastState)) task.past = widen<float>(io, io.in(kPastState)) + (task.windows - 1) * states;
  const WideOutput<float> y(io, io.out(0)), present(io, io.out(1));
  task.out = {y.data(), HeadDims{q.batch, op.out_heads(), q.rows, v.width}.bsnh()};
  task.present = present.data();
  task.scale = op.scale != 0 ? static_cast<float>(op.scale) : 1 / std::sqrt(static_cast<float>(q.width));
  task.update = io.scratch<float>(q.batch * op.kv_num_heads * v.width);
  io.threads().parallel_for(q.batch * op.kv_num_heads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) run_head(op, task, n / op.kv_num_heads, n % op.kv_num_heads);
  });
  y.store();
  present.store();
}

constexpr DTypeSet kTypes{DType::F32, DType::F16, DType::BF16};

OpBuilder<LinearAttention> linear_attention(bool microsoft) {
  LinearAttention prototype;
  prototype.microsoft = microsoft;
  return op(prototype)
      .input("query", kTypes)
      .input("key", kTypes)
      .input("value", kTypes)
      .optional_input("past_state", kTypes)
      .optional_input("decay", kTypes)
      .optional_input("beta", kTypes)
      .output("output")
      .output("present_state")
      .required("q_num_heads", &LinearAttention::q_num_heads)
      .required("kv_num_heads", &LinearAttention::kv_num_heads)
      .attribute("scale", &LinearAttention::scale)
      .attribute("update_rule", &LinearAttention::update_rule)
      .ignored_attribute("chunk_size")
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace

MICA_OP(LinearAttention, 27) {
  return linear_attention(false);
}

MICA_OP(LinearAttention, 1, com_microsoft) {
  return linear_attention(true).attribute("state_window", &LinearAttention::state_window);
}

}  // namespace mica
