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

template <class A>
void run(const Lstm& op, const Operands& io) {
  run_recurrence<A>(op, io, kLstmGates, kLstmGates, [&](const Recurrence<A>& walk) {
    const int64_t n = walk.hidden();
    walk.recur(0, walk.h(), walk.gate(0), walk.width(), true);
    walk.for_each_row([&](const typename Recurrence<A>::Row& row) {
      A *in = row.gates, *out = row.gates + n, *forget = row.gates + 2 * n, *next = row.gates + 3 * n;
      const A* p = walk.peepholes();
      for (int64_t j = 0; j < n && p != nullptr; ++j) in[j] += p[j] * row.c[j];
      for (int64_t j = 0; j < n && p != nullptr; ++j) forget[j] += p[2 * n + j] * row.c[j];
      walk.activate(0, in, n);
      if (op.input_forget) {
        for (int64_t j = 0; j < n; ++j) forget[j] = 1 - in[j];
      } else {
        walk.activate(0, forget, n);
      }
      walk.activate(1, next, n);
      for (int64_t j = 0; j < n; ++j) row.c[j] = forget[j] * row.c[j] + in[j] * next[j];
      for (int64_t j = 0; j < n && p != nullptr; ++j) out[j] += p[n + j] * row.c[j];
      walk.activate(0, out, n);
      std::copy_n(row.c, n, row.h);
      walk.activate(2, row.h, n);
      for (int64_t j = 0; j < n; ++j) row.h[j] *= out[j];
    });
  });
}

std::shared_ptr<const PackedRecurrent> prepack(const Lstm&, const ConstantOperands& constants) {
  return pack_lstm(constants.in(1), constants.in(2));
}

OpBuilder<Lstm> lstm(DTypeSet types = types::floats - DTypeSet{DType::BF16}) {
  return recurrent<Lstm>(types)
      .attribute("input_forget", &Lstm::input_forget)
      .optional_input("initial_c", types)
      .optional_input("P", types)
      .optional_output("Y_c")
      .prepare<prepare_lstm>()
      .infer<infer>()
      .cpu<run_lstm>()
      .prepack<prepack>();
}

}  // namespace

void prepare_lstm(Lstm& op, const NodeFacts&) {
  prepare_recurrent(op, {"Sigmoid", "Tanh", "Tanh"});
}

std::shared_ptr<const PackedRecurrent> pack_lstm(const Tensor* w, const Tensor* r) {
  return pack_recurrent(w, r, kLstmGates, kLstmGates);
}

void run_lstm(const Lstm& op, const Operands& io) {
  io.in(0).dtype() == DType::F64 ? run<double>(op, io) : run<float>(op, io);
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
