// Activations of one float input; alpha, beta and gamma are attributes, with x the element:
//   Sigmoid 1      1 / (1 + e^-x)
//   Softplus 1     log(1 + e^x)
//   Softsign 1     x / (1 + |x|)
//   Mish 18        x tanh(softplus(x))
//   LeakyRelu 1    x < 0 ? alpha x : x
//   ThresholdedRelu 10, and as found in the wild 1   x > alpha ? x : 0
//   Elu 1          x < 0 ? alpha (e^x - 1) : x
//   Celu 12        x < 0 ? alpha (e^(x / alpha) - 1) : x
//   Selu 1         gamma (x < 0 ? alpha (e^x - 1) : x)
//   HardSigmoid 1  min(1, max(0, alpha x + beta))
//   HardSwish 14   x min(1, max(0, x / 6 + 1 / 2))
//   Swish 24       x sigmoid(alpha x)
#include "kernels/activation/functions.h"
#include "kernels/math/unary.h"

namespace mica {
namespace {

OpBuilder<Parametric> by_alpha(const Parametric& function) {
  return parametric(function).attribute("alpha", &Parametric::alpha);
}

constexpr Parametric kElu{&UnaryKernels::elu, activation::elu, 1, 1};

OpDef* selu(float alpha, float gamma) {
  return in_blocks(by_alpha({kElu.loop, kElu.wide, alpha, gamma}).attribute("gamma", &Parametric::beta));
}

}  // namespace

MICA_OP(Sigmoid, 1) {
  return unary(&UnaryKernels::sigmoid, activation::sigmoid);
}
MICA_OP(Softplus, 1) {
  return unary(&UnaryKernels::softplus, activation::softplus);
}
MICA_OP(Softsign, 1) {
  return unary(&UnaryKernels::softsign, activation::softsign);
}
MICA_OP(Mish, 18) {
  return unary(&UnaryKernels::mish, activation::mish);
}
MICA_OP(LeakyRelu, 1) {
  return in_blocks(by_alpha({&UnaryKernels::leaky_relu, activation::leaky_relu, 0.01f}));
}
MICA_OP(ThresholdedRelu, 1) {
  return in_blocks(by_alpha({&UnaryKernels::thresholded_relu, activation::thresholded_relu, 1}));
}
MICA_OP(Elu, 1) {
  return in_blocks(by_alpha(kElu));
}
MICA_OP(Celu, 12) {
  return in_blocks(by_alpha({&UnaryKernels::celu, activation::celu, 1}));
}
MICA_OP(Selu, 6) {
  return selu(1.67326319217681884765625f, 1.05070102214813232421875f);
}
MICA_OP(Selu, 1) {
  return selu(1.6732f, 1.0507f);
}
MICA_OP(HardSigmoid, 1) {
  return in_blocks(by_alpha({&UnaryKernels::hard_sigmoid, activation::hard_sigmoid, 0.2f, 0.5f})
                       .attribute("beta", &Parametric::beta));
}
MICA_OP(HardSwish, 14) {
  return in_blocks(parametric({&UnaryKernels::hard_swish, activation::hard_swish, 1.0f / 6, 0.5f}));
}
MICA_OP(Swish, 24) {
  return in_blocks(by_alpha({&UnaryKernels::swish, activation::swish, 1}));
}

}  // namespace mica
