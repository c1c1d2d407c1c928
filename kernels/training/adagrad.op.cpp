// Adagrad, ai.onnx.preview.training 1, with a state H (the sum of squared gradients):
//   G' = norm_coefficient X + G,  H = H + G'^2,  X = X - R / (1 + T decay_factor) G' / (sqrt(H) + epsilon)
#include <cmath>

#include "kernels/training/optimizer.h"

namespace mica {
namespace {

struct Adagrad {
  float decay_factor = 0, epsilon = 1e-6f, norm_coefficient = 0;
};

void run_cpu(const Adagrad& op, const Operands& io) {
  const double rate =
      single_real(io.in(0), "R") / (1 + single_real(io.in(1), "T") * static_cast<double>(op.decay_factor));
  run_optimizer<1>(io, [&op, rate]<class T>(T& x, T gradient, T* states) {
    const T g = static_cast<T>(op.norm_coefficient) * x + gradient;
    states[0] += g * g;
    x -= static_cast<T>(rate) * g / (std::sqrt(states[0]) + static_cast<T>(op.epsilon));
  });
}

}  // namespace

MICA_OP(Adagrad, 1, ai_onnx_preview_training) {
  return optimizer<Adagrad>()
      .attribute("decay_factor", &Adagrad::decay_factor)
      .attribute("epsilon", &Adagrad::epsilon)
      .attribute("norm_coefficient", &Adagrad::norm_coefficient)
      .infer<infer_optimizer<1>>()
      .cpu<run_cpu>();
}

}  // namespace mica
