// What is done to an element of a product before it is stored.
#pragma once

#include "kernels/cuda/eight.cuh"
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

template <class W>
__device__ __noinline__ W activate_one(const GemmCall& call, W x) {
  return activate(call.activation, W(call.low), W(call.high), x);
}

/// Stores the sums of products of the `count` elements (i, j), (i, j + 1) ... For calls of F32, F16 or BF16; `c` is
/// where the matrix begins.
__device__ __noinline__ inline void store_products(const GemmCall& call, void* c, int64_t i, int64_t j, int count,
                                                   Eight sums) {
  Eight values;
#pragma unroll
  for (int l = 0; l < 8; ++l) values.of[l] = call.alpha * sums.of[l];
#pragma unroll 1
  for (const GemmAddend& addend : call.addends) {
    const GemmOperand& matrix = addend.matrix;
    if (matrix.data == nullptr) continue;
    const Eight more = read_eight(matrix.data, call.number, i * matrix.row + j * matrix.column, matrix.column, count);
#pragma unroll
    for (int l = 0; l < 8; ++l) values.of[l] += addend.factor * more.of[l];
  }
  if (call.activation != Epilogue::Activation::None) {
#pragma unroll
    for (int l = 0; l < 8; ++l) values.of[l] = activate_one(call, values.of[l]);
  }
  write_eight(c, call.number, i * call.c_row + j, count, values);
}

}  // namespace mica::cuda
