// Constant right operands, packed once.
#pragma once

#include <memory>

#include "kernels/operands.h"

namespace mica {

/// A stack of k x n matrices in the form that `Product::packed_b` wants, as floats.
class PackedMatrices {
 public:
  /// Packs the last two dims of a tensor of float, float16 or bfloat16, or their transpose, for all the others. Null
  /// when that does not serve: for null, for other dtypes, without elements, and for a single column, which the product
  /// reads best where it is.
  static std::shared_ptr<const PackedMatrices> make(const Tensor* tensor, bool transposed);

  int64_t k() const { return k_; }
  int64_t n() const { return n_; }
  /// Matrix `index`, counted in the order of the tensor's leading dims.
  const float* matrix(int64_t index) const { return panels_.data<float>() + index * stride_; }

 private:
  int64_t k_ = 0, n_ = 0;
  int64_t stride_ = 0;  ///< elements of a matrix
  Tensor panels_;
};

}  // namespace mica
