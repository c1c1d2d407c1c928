// RNN, ai.onnx 1, 7, 14, 22:  H = f(W x + R H + b). layout since 14.
#include "kernels/rnn/recurrence.h"

namespace mica {
namespace {

constexpr int64_t kGates = 1;

void prepare(Recurrent& op, const NodeFacts&) {
  prepare_recurrent(op, {"Tanh"});
}

void infer(const Recurrent& op, InferContext& ctx) {
  infer_recurrent(op, ctx, kGates);
}

template <class A>
void run(const Recurrent& op, const Operands& io) {
  run_recurrence<A>(op, io, kGates, kGates, [&](const Recurrence<A>& walk) {
    walk.recur(0, walk.h(), walk.gate(0), walk.width(), true);
    walk.for_each_row([&](const typename Recurrence<A>::Row& row) {
      std::copy_n(row.gates, walk.hidden(), row.h);
      walk.activate(0, row.h, walk.hidden());
    });
  });
}

void run_cpu(const Recurrent& op, const Operands& io) {
  io.in(0).dtype() == DType::F64 ? run<double>(op, io) : run<float>(op, io);
}

std::shared_ptr<const PackedRecurrent> prepack(const Recurrent&, const ConstantOperands& constants) {
  return pack_recurrent(constants.in(1), constants.in(2), kGates, kGates);
}

OpBuilder<Recurrent> rnn(DTypeSet types = types::floats - DTypeSet{DType::BF16}) {
  return recurrent<Recurrent>(types).prepare<prepare>().infer<infer>().cpu<run_cpu>().prepack<prepack>();
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
