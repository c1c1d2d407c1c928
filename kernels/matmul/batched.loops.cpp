#include "kernels/matmul/batched.h"

namespace mica {
namespace {

Product product_at(const StackedProduct& s, int64_t index) {
  Product p{s.a.rows, s.b.columns, s.a.columns};
  const int64_t b_at = batch_offset(s.b, index);
  p.a = {s.a_data + batch_offset(s.a, index), s.a.row_stride, s.a.column_stride};
  if (s.constant_b != nullptr) {
    s.constant_b->set(p, b_at / (p.k * p.n));
  } else {
    p.b = {s.b_data + b_at, s.b.row_stride, s.b.column_stride};
  }
  p.c = s.c_data + batch_offset(s.c, index);
  p.c_row = s.c.row_stride;
  p.epilogue = s.epilogue;
  return p;
}

}  // namespace

int64_t batch_offset(const MatrixStack& stack, int64_t index) {
  int64_t offset = 0;
  for (size_t axis = stack.batch.rank(); axis-- > 0;) {
    offset += index % stack.batch[axis] * stack.batch_strides[axis];
    index /= stack.batch[axis];
  }
  return offset;
}

bool broadcast_batch(MatrixStack& stack, const Shape& batch) {
  const size_t rank = stack.batch.rank();
  if (rank > batch.rank()) return false;
  const size_t offset = batch.rank() - rank;
  std::array<int64_t, Shape::kMaxRank> strides{};
  for (size_t axis = 0; axis < rank; ++axis) {
    const int64_t dim = stack.batch[axis];
    if (dim != batch[axis + offset] && dim != 1) return false;
    strides[axis + offset] = dim == 1 ? 0 : stack.batch_strides[axis];
  }
  stack.batch = batch;
  stack.batch_strides = strides;
  return true;
}

MatrixStack dense_stack(const Shape& batch, int64_t m, int64_t n) {
  MatrixStack stack{batch, {}, m, n, n, 1};
  int64_t stride = m * n;
  for (size_t axis = batch.rank(); axis-- > 0;) {
    stack.batch_strides[axis] = stride;
    stride *= batch[axis];
  }
  return stack;
}

void gemm(const Operands& io, const StackedProduct& s) {
  gemm_each(io, s.batch.elements(), [&](int64_t index) { return product_at(s, index); });
}

}  // namespace mica
