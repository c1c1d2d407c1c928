// MatMul, ai.onnx 1: numpy.matmul, A x B with broadcast batch dims; a vector is a row on the left, a column on the
// right. FusedMatMul, com.microsoft 1: alpha * A' x B', where trans* swaps an operand's last two dims, and transBatch*
// first moves its dim 0 to the next-to-last place.
#include <algorithm>
#include <array>

#include "kernels/matmul/batched.h"
#include "kernels/op.h"
#include "kernels/wide_operands.h"

namespace mica {
namespace {

struct MatMul {
  struct Side {
    bool transpose = false;
    bool transpose_batch = false;
  };
  float alpha = 1;
  bool trans_a = false, trans_b = false, trans_batch_a = false, trans_batch_b = false;

  Side a() const { return {trans_a, trans_batch_a}; }
  Side b() const { return {trans_b, trans_batch_b}; }
};

// Axis i of the operand as it is multiplied is axis order[i] of the input.
std::array<size_t, Shape::kMaxRank> axis_order(size_t rank, MatMul::Side side) {
  std::array<size_t, Shape::kMaxRank> order{};
  for (size_t i = 0; i < rank; ++i) order[i] = i;
  if (rank < 2) return order;
  if (side.transpose_batch) std::rotate(order.begin(), order.begin() + 1, order.begin() + rank - 1);
  if (side.transpose) std::swap(order[rank - 2], order[rank - 1]);
  return order;
}

Dims in_order(const Dims& dims, MatMul::Side side) {
  const auto order = axis_order(dims.size(), side);
  Dims result;
  for (size_t i = 0; i < dims.size(); ++i) result.push_back(dims[order[i]]);
  return result;
}

void infer(const MatMul& op, InferContext& ctx) {
  same_dtype(ctx, 0, 1);
  if (ctx.dims(0) == nullptr || ctx.dims(1) == nullptr) return ctx.set(0, ctx.dtype(0));
  Dims a = in_order(*ctx.dims(0), op.a());
  Dims b = in_order(*ctx.dims(1), op.b());
  if (a.empty() || b.empty()) ctx.fail("a scalar cannot be multiplied: " + str(a) + " x " + str(b));
  const bool row = a.size() == 1;
  const bool column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  const Dim& k = a.back();
  const Dim& other_k = b[b.size() - 2];
  if (k.is_constant() && other_k.is_constant() && k != other_k) {
    ctx.fail("inner sizes differ: " + str(*ctx.dims(0)) + " x " + str(*ctx.dims(1)));
  }
  Dims dims = ctx.broadcast(Dims(a.begin(), a.end() - 2), Dims(b.begin(), b.end() - 2));
  if (!row) dims.push_back(a[a.size() - 2]);
  if (!column) dims.push_back(b.back());
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

MatrixStack stack_of(const Shape& shape, MatMul::Side side, bool vector_is_row) {
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

// The stacks of both operands over the same batch dims. Where B is one matrix, the dense rows of all of A's matrices
// are multiplied at once.
struct Problem {
  Shape batch;
  MatrixStack a, b;
};

Problem problem_of(const MatMul& op, const Operands& io) {
  const Shape& a = io.in(0).shape();
  const Shape& b = io.in(1).shape();
  const auto differ = [&](const char* what) { bad_input(what + (": " + a.str()) + " x " + b.str()); };
  if (a.rank() == 0 || b.rank() == 0) differ("a scalar cannot be multiplied");
  Problem p{{}, stack_of(a, op.a(), true), stack_of(b, op.b(), false)};
  if (p.a.columns != p.b.rows) differ("inner sizes differ");
  const bool dense_a = a.rank() >= 2 && !op.trans_a && !op.trans_batch_a;
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
  if (p.batch.elements() * p.a.rows * p.b.columns != io.out(0).elements()) differ("the output has another size than");
  return p;
}

template <class T>
void scale(T* y, int64_t count, float alpha) {
  if (alpha == 1) return;
  for (int64_t i = 0; i < count; ++i) y[i] *= static_cast<T>(alpha);
}

void run_cpu(const MatMul& op, const Operands& io) {
  const Problem p = problem_of(op, io);
  Tensor& y = io.out(0);
  const bool integers = visit_dtype<int32_t, uint32_t, int64_t, uint64_t>(y.dtype(), [&]<class T>() {
    multiply_stacks<T>(io.threads(), p.batch, p.a, io.in(0).data<T>(), p.b, io.in(1).data<T>(), y.mutable_data<T>());
  });
  if (integers) return;
  visit_wide(y.dtype(), [&]<class T>() {
    const WideOutput<T> out(io, y);
    multiply_stacks<T>(io.threads(), p.batch, p.a, widen<T>(io, io.in(0)), p.b, widen<T>(io, io.in(1)), out.data());
    scale(out.data(), y.elements(), op.alpha);
    out.store();
  });
}

constexpr DTypeSet kTypes = types::floats | DTypeSet{DType::I32, DType::U32, DType::I64, DType::U64};

}  // namespace

MICA_OP(MatMul, 1) {
  return op<MatMul>().input("A", kTypes).input("B", kTypes).output("Y").infer<infer>().cpu<run_cpu>();
}

MICA_OP(FusedMatMul, 1, com_microsoft) {
  return op<MatMul>()
      .input("A", types::floats)
      .input("B", types::floats)
      .output("Y")
      .attribute("alpha", &MatMul::alpha)
      .attribute("transA", &MatMul::trans_a)
      .attribute("transB", &MatMul::trans_b)
      .attribute("transBatchA", &MatMul::trans_batch_a)
      .attribute("transBatchB", &MatMul::trans_batch_b)
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
