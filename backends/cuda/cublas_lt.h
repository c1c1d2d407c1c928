// Products of matrices by NVIDIA's cuBLASLt, whose library is loaded when first asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "runtime/base/dtype.h"

namespace mica {

/// d = f(alpha * a' * b' + beta * c + bias), row-major, where a' is a or its transpose; b' likewise. Sums are taken in
/// float, and floats multiplied as floats unless `tf32` says otherwise.
struct LtProduct {
  enum class Activation : uint8_t { None, Relu, GeluTanh };
  /// A matrix as it is stored, with `row` elements from one row to the next.
  struct Operand {
    const void* data = nullptr;
    int64_t row = 0;
    bool transposed = false;
    int64_t step = 0;  ///< elements from one matrix of the batch to the next
  };

  DType dtype;  ///< float, float16 or bfloat16, of all
  int64_t m, n, k;
  Operand a, b;
  void* d;
  int64_t d_row, d_step = 0;
  int64_t batch = 1;
  float alpha = 1, beta = 0;
  const void* c = nullptr;     ///< laid out as d, which it may be; null: none
  const void* bias = nullptr;  ///< n elements, for each row; null: none
  Activation activation = Activation::None;
  bool tf32 = false;  ///< floats are rounded to tf32 before they are multiplied
};

/// Why there is no cuBLASLt; empty when there is. The environment's MICA_CUBLASLT=off leaves it out.
std::string cublas_lt_absence();

/// Bytes of device memory that `cublas_lt_multiply` wants to have to choose freely.
inline constexpr size_t kLtWorkspace = size_t{32} << 20;

/// Puts the product on a stream (cudaStream_t) of the current device. False, and nothing done, where cuBLASLt has no
/// way to compute it. What it chose is kept for the next product of the same kind. Thread safe.
bool cublas_lt_multiply(const LtProduct& product, void* workspace, void* stream);

}  // namespace mica
