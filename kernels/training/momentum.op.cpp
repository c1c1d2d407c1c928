// Momentum, ai.onnx.preview.training 1, with a state V (the momentum):
//   G' = norm_coefficient X + G,  V = alpha V + b G'  where b is beta, and 1 when T is 0
//   X = X - R V, or with mode "nesterov" X - R (G' + alpha V)
#include "kernels/training/optimizer.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

struct Momentum {
  float alpha = 0, beta = 0, norm_coefficient = 0;
  std::string mode;
  bool nesterov = false;
};

void prepare(Momentum& op, const NodeFacts&) {
  op.nesterov = op.mode == "nesterov";
  if (!op.nesterov && op.mode != "standard") {
    throw_error(ErrorCode::InvalidModel, {"mode is \"", op.mode, "\"; standard and nesterov are known"});
  }
}

void run_cpu(const Momentum& op, const Operands& io) {
  const double rate = single_real(io.in(0), "R");
  const float beta = single_real(io.in(1), "T") > 0 ? op.beta : 1;
  run_optimizer<1>(io, [&op, rate, beta]<class T>(T& x, T gradient, T* states) {
    const T alpha = static_cast<T>(op.alpha);
    const T g = static_cast<T>(op.norm_coefficient) * x + gradient;
    states[0] = alpha * states[0] + static_cast<T>(beta) * g;
    x -= static_cast<T>(rate) * (op.nesterov ? g + alpha * states[0] : states[0]);
  });
}

}  // namespace

MICA_OP(Momentum, 1, ai_onnx_preview_training) {
  return optimizer<Momentum>()
      .required("alpha", &Momentum::alpha)
      .required("beta", &Momentum::beta)
      .required("norm_coefficient", &Momentum::norm_coefficient)
      .required("mode", &Momentum::mode)
      .prepare<prepare>()
      .infer<infer_optimizer<1>>()
      .cpu<run_cpu>();
}

}  // namespace mica
