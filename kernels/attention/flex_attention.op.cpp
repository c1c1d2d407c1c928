// FlexAttention, ai.onnx.preview 1: Y = prob_mod(softmax(score_mod(scale * Q K'))) V on [batch, heads, length, width],
// with groups of query heads that share keys and values. The two functions are subgraphs of the node, from all scores
// or probabilities, of type `softmax_precision`, to as many.
#include <algorithm>

#include "kernels/attention/attention.h"
#include "kernels/attention/head_operand.h"
#include "kernels/flop_rules.h"
#include "kernels/op.h"
#include "kernels/softmax/softmax.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

enum Body : size_t { kScoreMod, kProbMod };
constexpr const char* kBodies[] = {"score_mod", "prob_mod"};

struct FlexAttention {
  std::optional<float> scale = {};
  std::optional<DType> softmax_precision = {};
  bool score_mod = false, prob_mod = false;  ///< whether the node has them

  bool has(Body body) const { return body == kScoreMod ? score_mod : prob_mod; }

  DType precision(DType input) const {
    return softmax_precision.value_or(input == DType::F64 ? DType::F64 : DType::F32);
  }
};

void prepare(FlexAttention& op, const NodeFacts& facts) {
  const auto given = [&](Body body) {
    return std::ranges::find(facts.subgraphs, kBodies[body]) != facts.subgraphs.end();
  };
  op.score_mod = given(kScoreMod);
  op.prob_mod = given(kProbMod);
  if (op.softmax_precision && !is_float(*op.softmax_precision)) {
    throw Error(ErrorCode::InvalidModel, "softmax_precision is no float type");
  }
}

void infer(const FlexAttention& op, InferContext& ctx) {
  same_dtype(ctx, 0, 1);
  same_dtype(ctx, 0, 2);
  ctx.set(0, ctx.dtype(0));
  const Dims* q = ctx.dims(0);
  const Dims* k = ctx.dims(1);
  const Dims* v = ctx.dims(2);
  for (const Dims* dims : {q, k, v}) {
    if (dims != nullptr && dims->size() != 4)
      throw_error(ErrorCode::InvalidModel, {"Q, K and V must have rank 4, not ", *dims});
  }
  std::optional<Dims> scores;
  if (q != nullptr && k != nullptr && v != nullptr) {
    const Dim batch = ctx.merge(ctx.merge((*q)[0], (*k)[0], "batch sizes"), (*v)[0], "batch sizes");
    ctx.merge((*q)[3], (*k)[3], "widths of Q and K");
    ctx.merge((*k)[1], (*v)[1], "heads of K and V");
    scores = Dims{batch, (*q)[1], (*q)[2], ctx.merge((*k)[2], (*v)[2], "lengths of K and V")};
    ctx.set(0, ctx.dtype(0), Dims{batch, (*q)[1], (*q)[2], (*v)[3]});
  }
  const ValueType type = ValueType::tensor(op.precision(ctx.dtype(0)), scores);
  for (const Body body : {kScoreMod, kProbMod}) {
    if (op.has(body)) ctx.infer_subgraph(body, {&type, 1});
  }
}

// What a body makes of x, as T. `result` keeps it alive.
template <class T>
const T* modified(const Operands& io, Body body, DType precision, const Shape& shape, const T* x, Tensor& result) {
  Tensor given = Tensor::view(shape, x);
  if (precision != dtype_of<T>) {
    given = Tensor(precision, shape);
    const HeadDims flat{1, 1, 1, given.elements()};
    write_heads<T>(io.threads(), {x, flat.bnsh()}, given, flat.bnsh(), flat);
  }
  const Datum inputs[] = {given};
  const std::vector<Datum> outputs = io.subgraphs().run(body, inputs);
  if (outputs.size() != 1 || !outputs[0].is_tensor() || outputs[0].tensor.dtype() != precision ||
      outputs[0].tensor.shape() != shape) {
    throw_error(ErrorCode::InvalidArgument,
                {kBodies[body], " makes ", (outputs.empty() ? "nothing" : outputs[0].str()), " of ", given});
  }
  result = outputs[0].tensor;
  return widen<T>(io, result);
}

template <class T>
void attend(const FlexAttention& op, const Operands& io, const Attention<T>& task, DType precision) {
  if (!op.has(kScoreMod) && !op.has(kProbMod)) return attention(io, task);
  const Shape shape{task.batch, task.heads, task.rows, task.keys};
  T* scratch = io.scratch<T>(shape.elements());
  attention_scores(io, task, scratch);
  Tensor scores, probabilities;
  const T* x = scratch;
  if (op.has(kScoreMod)) x = modified(io, kScoreMod, precision, shape, x, scores);
  softmax_along<SoftmaxKind::Plain>(io.threads(), x, scratch, shape.elements(0, 3), task.keys, 1);
  x = scratch;
  if (op.has(kProbMod)) x = modified(io, kProbMod, precision, shape, x, probabilities);
  attention_values(io, task, x);
}

void run_cpu(const FlexAttention& op, const Operands& io) {
  if (outputs_are_empty(io)) return;
  const HeadOperand query = whole_heads(io.in(0), 0), key = whole_heads(io.in(1), 0), value = whole_heads(io.in(2), 0);
  check_attention(query, key, value);
  const HeadDims &q = query.dims, &k = key.dims, &v = value.dims;
  const DType dtype = io.in(0).dtype();
  const DType precision = op.precision(dtype);
  visit_wide(dtype == DType::F64 ? dtype : precision, [&]<class T>() {
    Attention<T> task{q.batch, q.heads, k.heads, q.rows, k.rows, q.width, v.width};
    task.q = query.read<T>(io);
    task.k = key.read<T>(io);
    task.v = value.read<T>(io);
    const WideOutput<T> y(io, io.out(0));
    task.out = {y.data(), HeadDims{q.batch, q.heads, q.rows, v.width}.bnsh()};
    task.scale = op.scale ? static_cast<T>(*op.scale) : attention_scale<T>(0, q.width);
    Sequence* sequences = io.scratch<Sequence>(q.batch);
    std::fill_n(sequences, q.batch, Sequence{k.rows, 0});
    task.sequences = sequences;
    attend(op, io, task, precision);
    y.store();
  });
}

}  // namespace

MICA_OP(FlexAttention, 1, ai_onnx_preview) {
  return op<FlexAttention>()
      .input("Q", types::floats)
      .input("K", types::floats)
      .input("V", types::floats)
      .output("Y")
      .attribute("scale", &FlexAttention::scale)
      .attribute("softmax_precision", &FlexAttention::softmax_precision)
      .subgraph(kBodies[kScoreMod])
      .subgraph(kBodies[kProbMod])
      .pitched(1)
      .pitched(2)
      .prepare<prepare>()
      .infer<infer>()
      .flops<attention_flops<SIZE_MAX>>()
      .cpu<run_cpu>();
}

}  // namespace mica
