// What the functions of elementwise_cuda.h give, in the type W that they are computed in. Which one is decided in the
// kernel: memory is what takes the time, and one kernel for each function and type would be a hundred.
#pragma once

#include "kernels/cuda/element.cuh"
#include "kernels/elementwise/elementwise_cuda.h"

namespace mica::cuda {

template <class W>
__device__ W sigmoid(W x) {
  const W e = exp(-fabs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

template <class W>
__device__ W softplus(W x) {
  return isnan(x) ? x : (x > 0 ? x : W(0)) + log1p(exp(-fabs(x)));
}

template <class W>
__device__ W hard_sigmoid(W x, W alpha, W beta) {
  const W y = alpha * x + beta;
  return y < 0 ? W(0) : y > 1 ? W(1) : y;
}

template <class W>
__device__ W apply(UnaryFunction function, W x, W alpha, W beta) {
  switch (function) {
    case UnaryFunction::Abs:
      return fabs(x);
    case UnaryFunction::Acos:
      return acos(x);
    case UnaryFunction::Acosh:
      return acosh(x);
    case UnaryFunction::Affine:
      return alpha * x + beta;
    case UnaryFunction::Asin:
      return asin(x);
    case UnaryFunction::Asinh:
      return asinh(x);
    case UnaryFunction::Atan:
      return atan(x);
    case UnaryFunction::Atanh:
      return atanh(x);
    case UnaryFunction::Ceil:
      return ceil(x);
    case UnaryFunction::Celu:
      return x < 0 ? alpha * expm1(x / alpha) : x;
    case UnaryFunction::Clip: {
      const W raised = x < alpha ? alpha : x;
      return beta < raised ? beta : raised;
    }
    case UnaryFunction::Cos:
      return cos(x);
    case UnaryFunction::Cosh:
      return cosh(x);
    case UnaryFunction::Elu:
      return beta * (x < 0 ? alpha * expm1(x) : x);
    case UnaryFunction::Erf:
      return erf(x);
    case UnaryFunction::Exp:
      return exp(x);
    case UnaryFunction::Floor:
      return floor(x);
    case UnaryFunction::Gelu:
      return W(0.5) * x * erfc(-x * W(0.70710678118654752440));
    case UnaryFunction::GeluTanh:
      return x * sigmoid(W(1.59576912160573071176) * (x + W(0.044715) * x * x * x));
    case UnaryFunction::HardSigmoid:
      return hard_sigmoid(x, alpha, beta);
    case UnaryFunction::HardSwish:
      return x * hard_sigmoid(x, alpha, beta);
    case UnaryFunction::LeakyRelu:
      return x < 0 ? alpha * x : x;
    case UnaryFunction::Log:
      return log(x);
    case UnaryFunction::Mish:
      return x * tanh(softplus(x));
    case UnaryFunction::Neg:
      return -x;
    case UnaryFunction::Reciprocal:
      return 1 / x;
    case UnaryFunction::Relu:
      return x < 0 ? W(0) : x;
    case UnaryFunction::Round:
      return rint(x);
    case UnaryFunction::ScaledTanh:
      return alpha * tanh(beta * x);
    case UnaryFunction::Shrink:  // by alpha, beyond beta
      return x < -beta ? x + alpha : x > beta ? x - alpha : W(0);
    case UnaryFunction::Sigmoid:
      return sigmoid(x);
    case UnaryFunction::Sign:
      return x > 0 ? W(1) : x < 0 ? W(-1) : x;
    case UnaryFunction::Silu:
      return x * sigmoid(x);
    case UnaryFunction::Sin:
      return sin(x);
    case UnaryFunction::Sinh:
      return sinh(x);
    case UnaryFunction::Softplus:
      return softplus(x);
    case UnaryFunction::Softsign:
      return x / (1 + fabs(x));
    case UnaryFunction::Sqrt:
      return sqrt(x);
    case UnaryFunction::Swish:
      return x * sigmoid(alpha * x);
    case UnaryFunction::Tan:
      return tan(x);
    case UnaryFunction::Tanh:
      return tanh(x);
    case UnaryFunction::ThresholdedRelu:
      return x <= alpha ? W(0) : x;
    default:
      return x;
  }
}

template <class W>
__device__ W apply(BinaryFunction function, W a, W b) {
  switch (function) {
    case BinaryFunction::Add:
      return a + b;
    case BinaryFunction::Sub:
      return a - b;
    case BinaryFunction::Mul:
      return a * b;
    case BinaryFunction::Div:
      return a / b;
    case BinaryFunction::Max:
      return a > b || a != a ? a : b;
    case BinaryFunction::Min:
      return a < b || a != a ? a : b;
    case BinaryFunction::Pow:
      return b == 2 ? a * a : b == W(0.5) ? sqrt(a) : pow(a, b);
    case BinaryFunction::FMod:
      return fmod(a, b);
    case BinaryFunction::Mod: {
      const W r = fmod(a, b);
      return r == 0 ? copysign(r, b) : (r < 0) != (b < 0) ? r + b : r;
    }
    default:
      return a < 0 ? a * b : a;  // PRelu
  }
}

template <class W>
__device__ bool test(BinaryFunction function, W a, W b) {
  switch (function) {
    case BinaryFunction::Equal:
      return a == b;
    case BinaryFunction::Less:
      return a < b;
    case BinaryFunction::LessOrEqual:
      return a <= b;
    case BinaryFunction::Greater:
      return a > b;
    case BinaryFunction::GreaterOrEqual:
      return a >= b;
    case BinaryFunction::And:
      return a != 0 && b != 0;
    case BinaryFunction::Or:
      return a != 0 || b != 0;
    default:
      return (a != 0) != (b != 0);  // Xor
  }
}

}  // namespace mica::cuda
