// Products of floats with constant weights, computed with 8-bit integers: weights are quantised once, each column by
// its largest magnitude; rows when they are multiplied, each by its range.
#pragma once

#include <memory>

#include "kernels/matmul/gemm.h"
#include "kernels/quant/int8_gemm.h"

namespace mica {

/// weights[p, j] = code[p, j] * scales()[j], codes from -127 to 127.
struct Int8Weights {
  PackedRight codes;  ///< with the scales behind them in memory

  const float* scales() const {
    return reinterpret_cast<const float*>(codes.memory->data<std::byte>() + codes.layout.bytes);
  }

  /// Of a matrix of float, float16 or bfloat16, or of its transpose; null for a null tensor.
  static std::shared_ptr<const Int8Weights> make(const Tensor* tensor, bool transposed);
};

/// Computes `product`, of which dims, result and epilogue are set, of rows and weights. `a` has rows of k adjacent
/// elements, one behind the other.
void gemm_int8(const Operands& io, const float* a, const Int8Weights& weights, const Product& product);

}  // namespace mica
