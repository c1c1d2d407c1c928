// Functions of one element. Which one is decided in the kernel: memory is what takes the time, and one kernel for each
// function and type would be a hundred.
#include "kernels/cuda/element.cuh"
#include "kernels/elementwise/elementwise_cuda.h"

namespace mica::cuda {
namespace {

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

template <class T>
__global__ void unary_kernel(UnaryFunction function, const T* x, T* y, int64_t count, float alpha, float beta) {
  for (int64_t i = first_element(); i < count; i += element_stride()) {
    y[i] = narrow<T>(apply<Wide<T>>(function, widen(x[i]), alpha, beta));
  }
}

__global__ void integer_unary_kernel(UnaryCall call) {
  for (int64_t i = first_element(); i < call.count; i += element_stride()) {
    const int64_t x = load_integer(call.x, call.number, i);
    int64_t y = x;
    switch (call.function) {
      case UnaryFunction::Abs:
        y = x < 0 ? 0 - static_cast<uint64_t>(x) : x;
        break;
      case UnaryFunction::Neg:
        y = 0 - static_cast<uint64_t>(x);
        break;
      case UnaryFunction::Not:
        y = x == 0;
        break;
      case UnaryFunction::Relu:
        y = x < 0 ? 0 : x;
        break;
      case UnaryFunction::Sign:
        y = (x > 0) - (x < 0);
        break;
      default:
        break;
    }
    store_integer(call.y, call.number, i, y);
  }
}

}  // namespace

void launch_unary(const UnaryCall& call, void* stream) {
  if (call.count == 0) return;
  visit_float(call.number, [&]<class T>() {
    launch(unary_kernel<T>, over_elements(call.count), stream, call.function, static_cast<const T*>(call.x),
           static_cast<T*>(call.y), call.count, call.alpha, call.beta);
  });
}

void launch_integer_unary(const UnaryCall& call, void* stream) {
  if (call.count == 0) return;
  launch(integer_unary_kernel, over_elements(call.count), stream, call);
}

}  // namespace mica::cuda
