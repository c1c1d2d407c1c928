// Dims and strides of products as MatMul knows them: vectors, matrices and stacks of these that broadcast.
#pragma once

#include "kernels/matmul/batched.h"
#include "kernels/op.h"

namespace mica {

/// How an operand is read: with its last two dims swapped; with dim 0 moved to the next-to-last place first.
struct MatMulSide {
  bool transpose = false;
  bool transpose_batch = false;
};

/// MatMul and FusedMatMul.
struct MatMul {
  float alpha = 1;
  bool trans_a = false, trans_b = false, trans_batch_a = false, trans_batch_b = false;

  MatMulSide a() const { return {trans_a, trans_batch_a}; }
  MatMulSide b() const { return {trans_b, trans_batch_b}; }
};

/// Dims of the product of inputs `a` and `b`; nullopt when a rank is unknown.
std::optional<Dims> matmul_dims(const InferContext& ctx, size_t a, MatMulSide a_side, size_t b, MatMulSide b_side);

/// The operand as a stack of matrices; a vector is one row, or one column.
MatrixStack matmul_stack(const Shape& shape, MatMulSide side, bool vector_is_row);

/// The stacks of both operands and of the dense product over the same batch dims. Where B is one matrix, the dense rows
/// of all of A's matrices are multiplied at once.
struct MatMulProblem {
  Shape batch;
  MatrixStack a, b, y;
};

/// Throws when the operands, or the product's dims y, do not fit each other.
MatMulProblem matmul_problem(const Shape& a, MatMulSide a_side, const Shape& b, MatMulSide b_side, const Shape& y);

}  // namespace mica
