// What Gemm and Linear do to their product.
#pragma once

#include "kernels/matmul/gemm_op.h"
#include "kernels/operands.h"
#include "runtime/base/concat.h"

namespace mica {

/// Of Linear's inputs; the first three are those of Gemm: A, B, C.
inline constexpr size_t kResidual = 3;

/// C as a matrix that broadcasts to m x n: strides of 0 along the dims it lacks. Throws when it does not.
template <class T>
Matrix<const T> gemm_addend(const Shape& shape, const T* data, int64_t m, int64_t n) {
  const int64_t columns = shape.rank() > 0 ? shape.back() : 1;
  const int64_t rows = shape.rank() > 1 ? shape[shape.rank() - 2] : 1;
  const bool fits = (columns == n || columns == 1) && (rows == m || rows == 1) && shape.elements() == rows * columns;
  if (!fits) {
    throw_error(ErrorCode::InvalidArgument, {"C ", shape, " does not broadcast to [", m, ",", n, "]"});
  }
  return {data, rows == 1 ? 0 : columns, columns == 1 ? 0 : 1};
}

/// The product of floats without its operands: dims, result y, and an epilogue of alpha, C, residual and the activation
/// of `epilogue`.
Product gemm_product(const Gemm& op, const Epilogue& epilogue, const Operands& io, const GemmSides& sides, float* y);

/// Throws when there is a residual of other dims than Y.
void check_residual(const Operands& io);

}  // namespace mica
