// Integer products of tensors, with the shapes of MatMul.
#pragma once

#include "kernels/matmul/matmul_shape.h"
#include "kernels/quant/int8_gemm.h"
#include "kernels/quant/parameters.h"

namespace mica {

/// An operand of uint8 or int8 with its zero points, which may be null: one for all, or one for each row (on the left)
/// or column (on the right) of a matrix or of all matrices.
struct ByteOperand {
  const Tensor& matrix;
  const Tensor* zero;
  MatMulSide side = {};
};

/// Packs a constant right operand ahead; null for a null tensor. For OpBuilder::prepack.
std::shared_ptr<const PackedRight> pack_constant(const Tensor* b, MatMulSide side = {});

/// A product made ready: operands packed, in scratch.
struct Int8MatMul {
  int64_t products, rows, columns;  ///< of matrices, and the dims of each product
  int64_t a_matrices, b_matrices;
  RowLayout row_layout;
  PanelLayout panels;
  const std::byte* a;
  const std::byte* b;
  const int32_t* row_start;     ///< of each row of all matrices A
  const int32_t* column_start;  ///< of each padded column of all matrices B
  const int32_t* a_zero;        ///< as Int8Product's
  const int32_t* a_rest;
  const int32_t* b_zero;
  const int64_t* a_index;  ///< which of the left, and of the right matrices belong to a product
  const int64_t* b_index;
};

/// `y` is the shape of the product; `packed` may be null. Throws when something does not fit.
Int8MatMul prepare_matmul(const Operands& io, const ByteOperand& a, const ByteOperand& b, const Shape& y,
                          const PackedRight* packed);

/// Multiplies on all threads and calls store(product, row, column, count, sums) for pieces of rows, where the sums are
/// those of elements (product * rows + row) * columns + column and on of the result.
template <class Store>
void multiply_int8(ThreadPool& threads, const Int8MatMul& m, Store&& store) {
  const auto product = [&](int64_t i) {
    const int64_t row = m.a_index[i] * m.rows, column = m.b_index[i] * m.panels.padded_n;
    return Int8Product{.a = m.a + row * m.row_layout.pitch,
                       .b = m.b + m.b_index[i] * m.panels.bytes,
                       .row_start = m.row_start + row,
                       .column_start = m.column_start + column,
                       .a_zero = m.a_zero != nullptr ? m.a_zero + row : nullptr,
                       .a_rest = m.a_rest + row,
                       .b_zero = m.b_zero != nullptr ? m.b_zero + column : nullptr};
  };
  multiply_int8(threads, m.products, m.rows, m.row_layout, m.panels, product, store);
}

/// Factors of the sums of a product: scales of A, one or one for each row, times those of B, one or one for each
/// column.
class ProductScales {
 public:
  /// Inputs `a` and `b` hold the scales. All are divided by `divisor`.
  ProductScales(const Operands& io, const Int8MatMul& m, size_t a, size_t b, float divisor = 1);
  /// The scale of A is one number.
  ProductScales(const Operands& io, const Int8MatMul& m, float a, size_t b);

  /// The factors of `count` sums from (row, column) of a product on: kept ones, or computed into `local`.
  const float* at(int64_t product, int64_t row, int64_t column, int64_t count, float* local) const;

 private:
  void set_columns(const Operands& io, size_t b, float factor, float divisor);

  const Int8MatMul& m_;
  const float* columns_ = nullptr;  ///< for each matrix B
  const float* rows_ = nullptr;     ///< for each row of each matrix A; null when included in the columns'
};

/// y = sums * scales + bias, where input `bias` has a number for each column or is absent.
void multiply_to_float(const Operands& io, const Int8MatMul& m, const ProductScales& scales, size_t bias, float* y);

}  // namespace mica
