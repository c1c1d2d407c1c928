// LSTM, ai.onnx 1, 7, 14, 22. With gates in the order i, o, f, c and activations f, g, h:
//   i = f(Wi x + Ri h + Pi * c + b);  f = f(Wf x + Rf h + Pf * c + b), or 1 - i with input_forget
//   C = f * c + i * g(Wc x + Rc h + b);  o = f(Wo x + Ro h + Po * C + b);  H = o * h(C)
// layout since 14.
#include "kernels/rnn/lstm.h"

namespace mica {
namespace {

void infer(const Lstm& op, InferContext& ctx) {
  infer_recurrent(op, ctx, kLstmGates);
}

template <class T>
void run(const Lstm& op, const Operands& io) {
  using A = Wide<T>;
  walk<T>(op, io, kLstmGates, [&](const CellWeights<T>& weights, A* gates, A* h, A* c) {
    const int64_t n = weights.hidden;
    const auto activate = [&](size_t i, A x) { return op.activate(weights.direction, i, x); };
    for (int64_t j = 0; j < kLstmGates * n; ++j) gates[j] += weights.recur(j, h);
    for (int64_t j = 0; j < n; ++j) {
      const A in = activate(0, gates[j] + weights.peephole(j) * c[j]);
      const A forget = op.input_forget ? 1 - in : activate(0, gates[2 * n + j] + weights.peephole(2 * n + j) * c[j]);
      c[j] = forget * c[j] + in * activate(1, gates[3 * n + j]);
      const A out = activate(0, gates[n + j] + weights.peephole(n + j) * c[j]);
      h[j] = out * activate(2, c[j]);
    }
  });
}

OpBuilder<Lstm> lstm(DTypeSet types = types::floats - DTypeSet{DType::BF16}) {
  return recurrent<Lstm>(types)
      .attribute("input_forget", &Lstm::input_forget)
      .optional_input("initial_c", types)
      .optional_input("P", types)
      .optional_output("Y_c")
      .prepare<prepare_lstm>()
      .infer<infer>()
      .cpu<run_lstm>();
}

}  // namespace

void prepare_lstm(Lstm& op, const NodeFacts&) {
  prepare_recurrent(op, {"Sigmoid", "Tanh", "Tanh"});
}

void run_lstm(const Lstm& op, const Operands& io) {
  visit_dtype<float, double, Half, BFloat16>(io.in(0).dtype(), [&]<class T>() { run<T>(op, io); });
}

MICA_OP(LSTM, 22) {
  return lstm(types::floats).attribute("layout", &Recurrent::layout);
}

MICA_OP(LSTM, 14) {
  return lstm().attribute("layout", &Recurrent::layout);
}

MICA_OP(LSTM, 7) {
  return lstm();
}

MICA_OP(LSTM, 1) {
  return lstm().ignored_attribute("output_sequence");
}

}  // namespace mica
