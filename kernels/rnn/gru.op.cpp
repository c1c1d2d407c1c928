// GRU, ai.onnx 1, 3, 7, 14, 22. With gates in the order z, r, h and activations f, g:
//   z = f(Wz x + Rz H + b);  r = f(Wr x + Rr H + b);  H = (1 - z) * h + z * H
//   h = g(Wh x + Rh (r * H) + b), or with linear_before_reset (since 3) g(Wh x + Wbh + r * (Rh H + Rbh))
// layout since 14.
#include "kernels/rnn/recurrent.h"

namespace mica {
namespace {

constexpr int64_t kGates = 3;

struct Gru : Recurrent {
  bool linear_before_reset = false;
};

void prepare(Gru& op, const NodeFacts&) {
  prepare_recurrent(op, {"Sigmoid", "Tanh"});
}

void infer(const Gru& op, InferContext& ctx) {
  infer_recurrent(op, ctx, kGates);
}

template <class T>
void run(const Gru& op, const Operands& io) {
  using A = Wide<T>;
  // `reset` is r * H; walk's second state is free to hold it.
  walk<T>(op, io, kGates, [&](const CellWeights<T>& weights, A* gates, A* h, A* reset) {
    const int64_t n = weights.hidden;
    A* z = gates;
    A* r = gates + n;
    A* candidate = gates + 2 * n;
    for (int64_t j = 0; j < 2 * n; ++j) gates[j] = op.activate(weights.direction, 0, gates[j] + weights.recur(j, h));
    for (int64_t j = 0; j < n; ++j) reset[j] = r[j] * h[j];
    for (int64_t j = 0; j < n; ++j) {
      candidate[j] += op.linear_before_reset ? r[j] * weights.recur(2 * n + j, h) : weights.recur(2 * n + j, reset);
    }
    for (int64_t j = 0; j < n; ++j) {
      h[j] = (1 - z[j]) * op.activate(weights.direction, 1, candidate[j]) + z[j] * h[j];
    }
  });
}

void run_cpu(const Gru& op, const Operands& io) {
  visit_dtype<float, double, Half, BFloat16>(io.in(0).dtype(), [&]<class T>() { run<T>(op, io); });
}

OpBuilder<Gru> gru(DTypeSet types = types::floats - DTypeSet{DType::BF16}) {
  return recurrent<Gru>(types).prepare<prepare>().infer<infer>().cpu<run_cpu>();
}

OpBuilder<Gru> gru_3(DTypeSet types = types::floats - DTypeSet{DType::BF16}) {
  return gru(types).attribute("linear_before_reset", &Gru::linear_before_reset);
}

}  // namespace

MICA_OP(GRU, 22) {
  return gru_3(types::floats).attribute("layout", &Recurrent::layout);
}

MICA_OP(GRU, 14) {
  return gru_3().attribute("layout", &Recurrent::layout);
}

MICA_OP(GRU, 7) {
  return gru_3();
}

MICA_OP(GRU, 3) {
  return gru_3().ignored_attribute("output_sequence");
}

MICA_OP(GRU, 1) {
  return gru().ignored_attribute("output_sequence");
}

}  // namespace mica
