// GRU, ai.onnx 1, 3, 7, 14, 22. With gates in the order z, r, h and activations f, g:
//   z = f(Wz x + Rz H + b);  r = f(Wr x + Rr H + b);  H = (1 - z) * h + z * H
//   h = g(Wh x + Rh (r * H) + b), or with linear_before_reset (since 3) g(Wh x + Wbh + r * (Rh H + Rbh))
// layout since 14.
#include "kernels/rnn/gru.h"

#include "kernels/rnn/recurrence.h"

namespace mica {
namespace {

constexpr int64_t kGates = kGruGates;
constexpr int64_t kTogether = 2;  // z and r see H itself

void prepare(Gru& op, const NodeFacts&) {
  prepare_recurrent(op, {"Sigmoid", "Tanh"});
}

void infer(const Gru& op, InferContext& ctx) {
  infer_recurrent(op, ctx, kGates);
}

template <class A>
void run(const Gru& op, const Operands& io) {
  using Row = typename Recurrence<A>::Row;
  run_recurrence<A>(op, io, kGates, kTogether, [&](const Recurrence<A>& walk) {
    const int64_t n = walk.hidden();
    walk.recur(0, walk.h(), walk.gate(0), walk.width(), true);
    walk.for_each_row([&](const Row& row) {
      walk.activate(0, row.gates, 2 * n);
      const A* r = row.gates + n;
      for (int64_t j = 0; j < n && !op.linear_before_reset; ++j) row.spare[j] = r[j] * row.h[j];
    });
    if (op.linear_before_reset) {
      walk.recur(1, walk.h(), walk.spare(), n, false);
    } else {
      walk.recur(1, walk.spare(), walk.gate(2), walk.width(), true);
    }
    walk.for_each_row([&](const Row& row) {
      const A *z = row.gates, *r = row.gates + n;
      A* candidate = row.gates + 2 * n;
      for (int64_t j = 0; j < n && op.linear_before_reset; ++j) candidate[j] += r[j] * row.spare[j];
      walk.activate(1, candidate, n);
      for (int64_t j = 0; j < n; ++j) row.h[j] = (1 - z[j]) * candidate[j] + z[j] * row.h[j];
    });
  });
}

void run_cpu(const Gru& op, const Operands& io) {
  io.in(0).dtype() == DType::F64 ? run<double>(op, io) : run<float>(op, io);
}

std::shared_ptr<const PackedRecurrent> prepack(const Gru&, const ConstantOperands& constants) {
  return pack_recurrent(constants.in(1), constants.in(2), kGates, kTogether);
}

OpBuilder<Gru> gru(DTypeSet types = types::floats - DTypeSet{DType::BF16}) {
  return recurrent<Gru>(types).prepare<prepare>().infer<infer>().cpu<run_cpu>().prepack<prepack>();
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
