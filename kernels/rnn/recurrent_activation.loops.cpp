#include <algorithm>

#include "kernels/activation/unary_simd.h"
#include "kernels/rnn/recurrent.h"

namespace mica {
namespace {

using Kind = Activation::Kind;

template <class A>
void clip(const Recurrent& op, A* x, int64_t count) {
  if (!op.clip) return;
  const A limit = static_cast<A>(*op.clip);
  for (int64_t i = 0; i < count; ++i) x[i] = std::min(std::max(x[i], -limit), limit);
}

// False for a function without a vector loop, or whose loop treats a limit differently.
bool vectorized(const Activation& f, float* x, int64_t count) {
  const UnaryKernels& k = unary_kernels();
  switch (f.kind) {
    case Kind::Relu:
      return k.relu(x, x, count), true;
    case Kind::Tanh:
      return k.tanh(x, x, count), true;
    case Kind::Sigmoid:
      return k.sigmoid(x, x, count), true;
    case Kind::Affine:
      return k.affine(x, x, count, f.alpha, f.beta), true;
    case Kind::LeakyRelu:
      return k.leaky_relu(x, x, count, f.alpha, 0), true;
    case Kind::HardSigmoid:
      return k.hard_sigmoid(x, x, count, f.alpha, f.beta), true;
    case Kind::Elu:
      return k.elu(x, x, count, f.alpha, 1), true;
    case Kind::Softsign:
      return k.softsign(x, x, count), true;
    case Kind::Softplus:
      return k.softplus(x, x, count), true;
    case Kind::ThresholdedRelu:
    case Kind::ScaledTanh:
      break;
  }
  return false;
}

}  // namespace

void activate_all(const Recurrent& op, int64_t direction_index, size_t i, float* x, int64_t count) {
  clip(op, x, count);
  const Activation& f = op.activation(direction_index, i);
  if (vectorized(f, x, count)) return;
  for (int64_t j = 0; j < count; ++j) x[j] = f(x[j]);
}

void activate_all(const Recurrent& op, int64_t direction_index, size_t i, double* x, int64_t count) {
  clip(op, x, count);
  const Activation& f = op.activation(direction_index, i);
  for (int64_t j = 0; j < count; ++j) x[j] = f(x[j]);
}

}  // namespace mica
