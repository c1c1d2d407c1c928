// RNN, ai.onnx 1, 7, 14, 22:  H = f(W x + R H + b). layout since 14.
#include "kernels/rnn/recurrent.h"

namespace mica {
namespace {

constexpr int64_t kGates = 1;

void prepare(Recurrent& op, const NodeFacts&) {
  prepare_recurrent(op, {"Tanh"});
}

void infer(const Recurrent& op, InferContext& ctx) {
  infer_recurrent(op, ctx, kGates);
}

template <class T>
void run(const Recurrent& op, const Operands& io) {
  using A = Wide<T>;
  walk<T>(op, io, kGates, [&](const CellWeights<T>& weights, A* gates, A* h, A*) {
    for (int64_t j = 0; j < weights.hidden; ++j) gates[j] += weights.recur(j, h);
    for (int64_t j = 0; j < weights.hidden; ++j) h[j] = op.activate(weights.direction, 0, gates[j]);
  });
}

void run_cpu(const Recurrent& op, const Operands& io) {
  visit_dtype<float, double, Half, BFloat16>(io.in(0).dtype(), [&]<class T>() { run<T>(op, io); });
}

OpBuilder<Recurrent> rnn(DTypeSet types = types::floats - DTypeSet{DType::BF16}) {
  return recurrent<Recurrent>(types).prepare<prepare>().infer<infer>().cpu<run_cpu>();
}

}  // namespace

MICA_OP(RNN, 22) {
  return rnn(types::floats).attribute("layout", &Recurrent::layout);
}

MICA_OP(RNN, 14) {
  return rnn().attribute("layout", &Recurrent::layout);
}

MICA_OP(RNN, 7) {
  return rnn();
}

MICA_OP(RNN, 1) {
  return rnn().ignored_attribute("output_sequence");
}

}  // namespace mica
