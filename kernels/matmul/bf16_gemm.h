// Products of matrices in bfloat16 arithmetic: operands are rounded to bfloat16, sums are floats. For CPUs that have
// instructions for it, which are twice as fast as those of floats.
#pragma once

#include <memory>

#include "kernels/matmul/gemm.h"
#include "kernels/operands.h"
#include "kernels/packing.h"

namespace mica {

/// Whether the instruction set in use multiplies bfloat16.
bool multiplies_bf16();

/// A constant right operand of k x n elements, packed once.
class Bf16Weights {
 public:
  /// Of one matrix of float, float16 or bfloat16, or of its transpose. Null when the instruction set in use has no
  /// products of bfloat16, for null, for other tensors and, as it is read best where it lies, for a single column.
  static std::shared_ptr<const Bf16Weights> make(const Tensor* tensor, bool transposed);

  int64_t k() const { return k_; }
  int64_t n() const { return n_; }
  const float* panels() const { return panels_->data<float>(); }  ///< of pairs: see bf16_tile_simd.h

 private:
  int64_t k_ = 0, n_ = 0;
  std::shared_ptr<const PackedBytes> panels_;
};

/// The left operand: m rows of weights.k() elements of float or bfloat16, which lie dense.
struct Bf16Rows {
  const Tensor& tensor;
  int64_t m;
};

/// Computes `product`, of which only the result and the epilogue are set, of rows and weights.
void gemm_bf16(const Operands& io, const Bf16Rows& a, const Bf16Weights& weights, Product product);

}  // namespace mica
