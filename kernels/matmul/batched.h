// Products of stacks of matrices, with broadcasting of the stacks.
#pragma once

#include "backends/cpu/thread_pool.h"
#include "kernels/matmul/gemm.h"
#include "kernels/matmul/multiply.h"
#include "kernels/matmul/packed.h"
#include "kernels/operands.h"
#include "runtime/base/shape.h"

namespace mica {

/// A stack of matrices: batch dims with a stride each (0 where broadcast), then rows and columns.
struct MatrixStack {
  Shape batch;
  std::array<int64_t, Shape::kMaxRank> batch_strides{};
  int64_t rows = 1, columns = 1;
  int64_t row_stride = 0, column_stride = 0;
};

/// Where matrix `index` of the broadcast batch dims begins, in elements.
int64_t batch_offset(const MatrixStack& stack, int64_t index);

/// Sets the strides of `stack` up for the broadcast batch dims `batch`; false when they do not broadcast to it.
bool broadcast_batch(MatrixStack& stack, const Shape& batch);

/// One product for each matrix of `batch`, to which the stacks have been broadcast. Rows of c are of adjacent elements.
struct StackedProduct {
  Shape batch;
  MatrixStack a, b, c;
  const float* a_data = nullptr;
  const float* b_data = nullptr;             ///< unless `constant_b` is set
  const RightOperand* constant_b = nullptr;  ///< of the whole tensor that `b` describes
  float* c_data = nullptr;
  Epilogue epilogue{};  ///< the same addends for each
};
void gemm(const Operands& io, const StackedProduct& product);

/// The stack that a dense result of m x n matrices is.
MatrixStack dense_stack(const Shape& batch, int64_t m, int64_t n);

/// c = a * b for every matrix of `batch`, to which the stacks have been broadcast. Rows of c are of adjacent elements.
/// Floats take the fast path, other types the plain loops.
template <class T>
void multiply_stacks(const Operands& io, const Shape& batch, const MatrixStack& a, const T* a_data,
                     const MatrixStack& b, const T* b_data, const MatrixStack& c, T* c_data) {
  if constexpr (std::is_same_v<T, float>) {
    return gemm(io, StackedProduct{batch, a, b, c, a_data, b_data, nullptr, c_data});
  }
  constexpr int64_t kRows = 16;
  const int64_t m = a.rows, n = b.columns, k = a.columns;
  const int64_t row_blocks = (m + kRows - 1) / kRows;
  io.threads().parallel_for(batch.elements() * row_blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = block % row_blocks * kRows;
      const int64_t index = block / row_blocks;
      multiply<T>(std::min(kRows, m - first), n, k,
                  Matrix<const T>{a_data + batch_offset(a, index), a.row_stride, a.column_stride}.from(first, 0),
                  Matrix<const T>{b_data + batch_offset(b, index), b.row_stride, b.column_stride},
                  Matrix<T>{c_data + batch_offset(c, index), c.row_stride, 1}.from(first, 0));
    }
  });
}

}  // namespace mica
