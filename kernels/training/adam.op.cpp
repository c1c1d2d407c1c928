// Adam, ai.onnx.preview.training 1, with states V (averaged gradients) and H (averaged squares of them):
//   G' = norm_coefficient X + G,  V = alpha V + (1 - alpha) G',  H = beta H + (1 - beta) G'^2
//   X = (1 - norm_coefficient_post) (X - r V / (sqrt(H) + epsilon))
// where r is R sqrt(1 - beta^T) / (1 - alpha^T), and R when T is 0.
#include <cmath>

#include "kernels/training/optimizer.h"

namespace mica {
namespace {

struct Adam {
  float alpha = 0.9f, beta = 0.999f, epsilon = 1e-6f;
  float norm_coefficient = 0, norm_coefficient_post = 0;
};

void run_cpu(const Adam& op, const Operands& io) {
  const double count = single_real(io.in(1), "T");
  const double alpha = static_cast<double>(op.alpha), beta = static_cast<double>(op.beta);
  double rate = single_real(io.in(0), "R");
  if (count > 0) rate *= std::sqrt(1 - std::pow(beta, count)) / (1 - std::pow(alpha, count));
  run_optimizer<2>(io, [&op, rate]<class T>(T& x, T gradient, T* states) {
    const T a = static_cast<T>(op.alpha), b = static_cast<T>(op.beta);
    const T g = static_cast<T>(op.norm_coefficient) * x + gradient;
    states[0] = a * states[0] + (1 - a) * g;
    states[1] = b * states[1] + (1 - b) * g * g;
    x -= static_cast<T>(rate) * states[0] / (std::sqrt(states[1]) + static_cast<T>(op.epsilon));
    x *= 1 - static_cast<T>(op.norm_coefficient_post);
  });
}

}  // namespace

MICA_OP(Adam, 1, ai_onnx_preview_training) {
  return optimizer<Adam>()
      .attribute("alpha", &Adam::alpha)
      .attribute("beta", &Adam::beta)
      .attribute("epsilon", &Adam::epsilon)
      .attribute("norm_coefficient", &Adam::norm_coefficient)
      .attribute("norm_coefficient_post", &Adam::norm_coefficient_post)
      .infer<infer_optimizer<2>>()
      .cpu<run_cpu>();
}

}  // namespace mica
