#include "kernels/matmul/matmul_shape.h"

#include <algorithm>
#include <array>

#include "runtime/base/concat.h"

namespace mica {
namespace {

// Axis i of the operand as it is multiplied is axis order[i] of the input.
std::array<size_t, Shape::kMaxRank> axis_order(size_t rank, MatMulSide side) {
  std::array<size_t, Shape::kMaxRank> order{};
  for (size_t i = 0; i < rank; ++i) order[i] = i;
  if (rank < 2) return order;
  if (side.transpose_batch) std::rotate(order.begin(), order.begin() + 1, order.begin() + rank - 1);
  if (side.transpose) std::swap(order[rank - 2], order[rank - 1]);
  return order;
}

Dims in_order(const Dims& dims, MatMulSide side) {
  const auto order = axis_order(dims.size(), side);
  Dims result;
  for (size_t i = 0; i < dims.size(); ++i) result.push_back(dims[order[i]]);
  return result;
}

}  // namespace

MatrixStack matmul_stack(const Shape& shape, MatMulSide side, bool vector_is_row) {
  MatrixStack stack;
  const size_t rank = shape.rank();
  const auto strides = shape.strides();
  if (rank < 2) {
    stack.rows = vector_is_row ? 1 : shape[0];
    stack.columns = vector_is_row ? shape[0] : 1;
    stack.row_stride = vector_is_row ? shape[0] : 1;
    stack.column_stride = 1;
    return stack;
  }
  const auto order = axis_order(rank, side);
  for (size_t i = 0; i + 2 < rank; ++i) {
    stack.batch.push_back(shape[order[i]]);
    stack.batch_strides[i] = strides[order[i]];
  }
  stack.rows = shape[order[rank - 2]];
  stack.columns = shape[order[rank - 1]];
  stack.row_stride = strides[order[rank - 2]];
  stack.column_stride = strides[order[rank - 1]];
  return stack;
}

std::optional<Dims> matmul_dims(const InferContext& ctx, size_t x, MatMulSide x_side, size_t y, MatMulSide y_side) {
  if (ctx.dims(x) == nullptr || ctx.dims(y) == nullptr) return std::nullopt;
  Dims a = in_order(*ctx.dims(x), x_side);
  Dims b = in_order(*ctx.dims(y), y_side);
  if (a.empty() || b.empty()) throw_error(ErrorCode::InvalidModel, {"a scalar cannot be multiplied: ", a, " x ", b});
  const bool row = a.size() == 1;
  const bool column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  const Dim& k = a.back();
  const Dim& other_k = b[b.size() - 2];
  if (k.is_constant() && other_k.is_constant() && k != other_k) {
    throw_error(ErrorCode::InvalidModel, {"inner sizes differ: ", *ctx.dims(x), " x ", *ctx.dims(y)});
  }
  Dims dims = ctx.broadcast(Dims(a.begin(), a.end() - 2), Dims(b.begin(), b.end() - 2));
  if (!row) dims.push_back(a[a.size() - 2]);
  if (!column) dims.push_back(b.back());
  return dims;
}

MatMulProblem matmul_problem(const Shape& a, MatMulSide a_side, const Shape& b, MatMulSide b_side, const Shape& y) {
  const auto differ = [&](const char* what) {
    throw_error(ErrorCode::InvalidArgument, {what, (": " + a.str()), " x ", b});
  };
  if (a.rank() == 0 || b.rank() == 0) differ("a scalar cannot be multiplied");
  MatMulProblem p{{}, matmul_stack(a, a_side, true), matmul_stack(b, b_side, false), {}};
  if (p.a.columns != p.b.rows) differ("inner sizes differ");
  const bool dense_a = a.rank() >= 2 && !a_side.transpose && !a_side.transpose_batch;
  if (dense_a && p.b.batch.elements() == 1 && p.b.batch.rank() <= p.a.batch.rank()) {
    p.a.rows = a.elements(0, a.rank() - 1);
    p.a.batch = p.b.batch = Shape{};
  }
  const Shape& longer = p.a.batch.rank() >= p.b.batch.rank() ? p.a.batch : p.b.batch;
  const Shape& shorter = p.a.batch.rank() >= p.b.batch.rank() ? p.b.batch : p.a.batch;
  p.batch = longer;
  for (size_t i = 0; i < shorter.rank(); ++i) {
    int64_t& dim = p.batch[i + longer.rank() - shorter.rank()];
    if (dim == 1) dim = shorter[i];
  }
  if (!broadcast_batch(p.a, p.batch) || !broadcast_batch(p.b, p.batch)) differ("batch dims do not broadcast");
  p.y = dense_stack(p.batch, p.a.rows, p.b.columns);
  if (p.batch.elements() * p.a.rows * p.b.columns != y.elements()) differ("the output has another size than");
  return p;
}

}  // namespace mica
