// What is done to an element of a product before it is stored.
#pragma once

#include "kernels/cuda/element.cuh"
#include "kernels/matmul/gemm_cuda.h"

namespace mica::cuda {

/// `low` and `high` are the bounds of Clip.
template <class W>
__device__ W activate(Epilogue::Activation activation, W low, W high, W x) {
  switch (activation) {
    case Epilogue::Activation::Clip: {
      const W raised = x < low ? low : x;
      return high < raised ? high : raised;
    }
    case Epilogue::Activation::HardSwish: {
      const W y = x / 6 + W(0.5);
      return x * (y < 0 ? W(0) : y > 1 ? W(1) : y);
    }
    case Epilogue::Activation::Relu:
      return x < 0 ? W(0) : x;
    case Epilogue::Activation::Gelu:
      return W(0.5) * x * erfc(-x * W(0.70710678118654752440));
    case Epilogue::Activation::GeluTanh:
      return x / (1 + exp(W(-1.59576912160573071176) * (x + W(0.044715) * x * x * x)));
    case Epilogue::Activation::Silu:
      return x / (1 + exp(-x));
    case Epilogue::Activation::Tanh:
      return tanh(x);
    case Epilogue::Activation::Sigmoid:
      return 1 / (1 + exp(-x));
    default:
      return x;
  }
}

/// Stores the sum of products of element (i, j) of the matrix that begins at c. Not inlined: a thread of the largest
/// tile stores 64 of them.
template <class T>
__device__ __noinline__ void store_product(const GemmCall& call, T* c, int64_t i, int64_t j, Wide<T> sum) {
  using W = Wide<T>;
  W value = W(call.alpha) * sum;
  for (const GemmAddend& addend : call.addends) {
    if (addend.matrix.data == nullptr) continue;
    const T* data = static_cast<const T*>(addend.matrix.data);
    value += W(addend.factor) * widen(data[i * addend.matrix.row + j * addend.matrix.column]);
  }
  c[i * call.c_row + j] = narrow<T>(activate(call.activation, W(call.low), W(call.high), value));
}

}  // namespace mica::cuda
