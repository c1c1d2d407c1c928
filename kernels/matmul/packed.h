// Constant right operands, packed once.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>

#include "kernels/matmul/gemm.h"
#include "kernels/matmul/pack_simd.h"
#include "kernels/packing.h"

namespace mica {

/// A stack of k x n matrices: the last two dims of a constant of float, float16 or bfloat16, or their transpose, for
/// all the others. Elements may lie unaligned.
struct FloatMatrices {
  Storage storage;
  bool transposed;
  int64_t count, k, n;

  /// Nothing for null, for other dtypes, without elements, and for a single column, which products read best where it
  /// is.
  static std::optional<FloatMatrices> of(const Tensor* tensor, bool transposed);

  /// Writes rows [p, p + rows) of columns [j, j + columns) of matrix `index` in panels as PackKernels does.
  void pack(const Tensor& tensor, int64_t index, int64_t p, int64_t rows, int64_t j, int64_t columns, float* to,
            int64_t to_panel) const;
};

/// Columns that are packed together: as many as make the memory be read in runs.
inline constexpr int64_t kPackedColumns = 128;

inline int64_t packed_parts(int64_t n) {
  return (n + kPackedColumns - 1) / kPackedColumns;
}

/// Calls each(matrix, first column, columns) for parts [begin, end) of a stack of matrices of n columns.
template <class Each>
void for_each_packed_part(int64_t n, int64_t begin, int64_t end, const Each& each) {
  for (int64_t part = begin; part < end; ++part) {
    const int64_t j = part % packed_parts(n) * kPackedColumns;
    each(part / packed_parts(n), j, std::min(n - j, kPackedColumns));
  }
}

/// A stack of matrices in the form that `Product::packed_b` wants, as floats.
class PackedMatrices {
 public:
  /// Null where FloatMatrices has nothing. `can_wait`: they are read through a RightOperand.
  static std::shared_ptr<const PackedMatrices> make(const Tensor* tensor, bool transposed, bool can_wait = false);

  int64_t k() const { return matrices_.k; }
  int64_t n() const { return matrices_.n; }
  /// Matrix `index`, counted in the order of the tensor's leading dims.
  const float* matrix(int64_t index) const { return panels_->data<float>() + index * stride_; }

 private:
  friend class RightOperand;
  explicit PackedMatrices(const FloatMatrices& matrices)
      : matrices_(matrices), stride_(packed_elements(matrices.k, matrices.n)) {}

  FloatMatrices matrices_;
  int64_t stride_;  ///< elements of a matrix
  std::shared_ptr<const PackedBytes> panels_;
};

/// Packed matrices as right operands of products. As long as they are not packed, the constant that they are made of
/// is, block by block, while it is multiplied.
class RightOperand {
 public:
  RightOperand(const PackedMatrices& matrices, const Tensor& constant)
      : matrices_(matrices), constant_(constant), packed_(matrices.panels_->data<float>()) {}
  RightOperand(const RightOperand&) = delete;
  RightOperand& operator=(const RightOperand&) = delete;

  /// Makes matrix `index` the right operand of a product, which does not outlive this.
  void set(Product& product, int64_t index) const;
  void operator()(const PanelBlock& block, float* to) const;

 private:
  const PackedMatrices& matrices_;
  const Tensor& constant_;
  const float* packed_;  ///< null: not yet
  FillPanels fill_{*this};
};

}  // namespace mica
