// RotaryEmbedding, ai.onnx 23 and com.microsoft 1: rotates pairs of elements of each head by an angle that depends on
// its position. X is [batch, heads, length, width], or [batch, length, heads * width].
// ai.onnx: the tables of cosines and sines have a row for each position, picked by position_ids, or, without these, for
// each batch entry and position; tables of one batch entry serve all, as our optimiser writes it. com.microsoft:
// position_ids may also be one number, the position of the first row.
#include "kernels/rope/rotary_embedding.h"

#include <algorithm>

#include "kernels/op.h"
#include "kernels/rope/rotate.h"
#include "kernels/shape/shape_input.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

void prepare(RotaryEmbedding& op, const NodeFacts&) {
  if (op.num_heads != 0) check_heads(op.num_heads);
  if (op.rotary_embedding_dim < 0 || op.rotary_embedding_dim % 2 != 0) {
    throw_error(ErrorCode::InvalidModel,
                {"num_heads ", op.num_heads, " or rotary_embedding_dim ", op.rotary_embedding_dim, " makes no sense"});
  }
}

void infer(const RotaryEmbedding& op, InferContext& ctx) {
  same_dtype(ctx, 0, op.microsoft ? 2 : 1);
  same_dtype(ctx, 0, op.microsoft ? 3 : 2);
  ctx.set(0, ctx.type(0));
  const Dims* x = ctx.dims(0);
  if (x != nullptr && x->size() != 3 && x->size() != 4)
    throw_error(ErrorCode::InvalidModel, {"X must have rank 3 or 4, not ", *x});
  if (x != nullptr && x->size() == 3 && !op.microsoft && op.num_heads == 0) ctx.fail("X of rank 3 needs num_heads");
}

HeadDims head_dims(const RotaryEmbedding& op, const Tensor& x, int64_t table_width) {
  const Shape& shape = x.shape();
  if (shape.rank() == 4) return {shape[0], shape[1], shape[2], shape[3]};
  if (shape.rank() != 3) throw_error(ErrorCode::InvalidArgument, {"X must have rank 3 or 4, not ", x});
  const int64_t width = op.num_heads > 0 ? shape[2] / op.num_heads : 2 * table_width;
  const int64_t heads = op.num_heads > 0 ? op.num_heads : width > 0 ? shape[2] / width : 0;
  if (heads * width != shape[2]) throw_error(ErrorCode::InvalidArgument, {x, " does not divide into heads"});
  return {shape[0], heads, shape[1], width};
}

// The row of the tables for each batch entry and position.
const int64_t* table_rows(const Operands& io, const Tensor* ids, const HeadDims& dims, int64_t rows) {
  const int64_t count = dims.batch * dims.rows;
  int64_t* result = io.scratch<int64_t>(count);
  for (int64_t n = 0; n < count; ++n) {
    result[n] = ids == nullptr ? n % rows : n;
    if (ids != nullptr && ids->shape().rank() == 1)
      result[n] = checked_position(integer_at(*ids, 0), rows) + n % dims.rows;
    if (ids != nullptr && ids->shape().rank() != 1) result[n] = integer_at(*ids, n);
    checked_position(result[n], rows);
  }
  return result;
}

void run_cpu(const RotaryEmbedding& op, const Operands& io) {
  if (outputs_are_empty(io)) return;
  const Tensor& x = io.in(0);
  const RotaryOperands r = rotary_operands(op, io);
  visit_wide(x.dtype(), [&]<class T>() {
    const WideOutput<T> y(io, io.out(0));
    Rotation<T> rotation{r.width, op.interleaved, widen<T>(io, *r.cos), widen<T>(io, *r.sin)};
    rotation.positions = table_rows(io, r.ids, r.dims, r.table_rows);
    rotate_heads<T>(io.threads(), rotation, {widen<T>(io, x), r.layout}, {y.data(), r.layout}, r.dims);
    y.store();
  });
}

OpBuilder<RotaryEmbedding> rotary(bool microsoft) {
  RotaryEmbedding prototype;
  prototype.microsoft = microsoft;
  return op(prototype)
      .output("Y")
      .attribute("num_heads", &RotaryEmbedding::num_heads)
      .attribute("rotary_embedding_dim", &RotaryEmbedding::rotary_embedding_dim)
      .attribute("interleaved", &RotaryEmbedding::interleaved)
      .prepare<prepare>()
      .infer<infer>()
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

}  // namespace

RotaryOperands rotary_operands(const RotaryEmbedding& op, const Operands& io) {
  RotaryOperands r;
  const Tensor& x = io.in(0);
  const Tensor& cos = io.in(op.microsoft ? 2 : 1);
  const Tensor& sin = io.in(op.microsoft ? 3 : 2);
  const size_t ids = op.microsoft ? 1 : 3;
  if (cos.shape() != sin.shape() || cos.shape().rank() < 2) {
    throw_error(ErrorCode::InvalidArgument, {"cosines ", cos, " and sines ", sin, " must be tables of the same dims"});
  }
  const int64_t pairs = cos.shape().back();
  r.cos = &cos;
  r.sin = &sin;
  r.dims = head_dims(op, x, pairs);
  r.width = op.rotary_embedding_dim > 0 ? op.rotary_embedding_dim : r.dims.width;
  if (r.width > r.dims.width || r.width != 2 * pairs) {
    throw_error(ErrorCode::InvalidArgument,
                {"cosines ", cos, " do not fit the rotation of ", r.width, " of ", r.dims.width, " elements"});
  }
  r.ids = io.has(ids) ? &io.in(ids) : nullptr;
  if (r.ids == nullptr && cos.shape() != Shape{r.dims.batch, r.dims.rows, pairs} &&
      cos.shape() != Shape{1, r.dims.rows, pairs}) {
    throw_error(ErrorCode::InvalidArgument, {"cosines ", cos, " must have a row for each position of X ", x});
  }
  if (r.ids != nullptr) {
    check_integers(*r.ids, r.ids->shape().rank() == 1 ? 1 : r.dims.batch * r.dims.rows, "position_ids");
  }
  r.table_rows = cos.shape().elements(0, cos.shape().rank() - 1);
  r.layout = x.shape().rank() == 4 ? r.dims.bnsh() : r.dims.bsnh();
  return r;
}

MICA_OP(RotaryEmbedding, 23) {
  return rotary(false)
      .input("X", types::floats)
      .input("cos_cache", types::floats)
      .input("sin_cache", types::floats)
      .optional_input("position_ids", types::int64);
}

// ONNX Runtime does not use `scale`, and neither do we.
MICA_OP(RotaryEmbedding, 1, com_microsoft) {
  return rotary(true)
      .input("input", types::floats)
      .input("position_ids", types::int64)
      .input("cos_cache", types::floats)
      .input("sin_cache", types::floats)
      .ignored_attribute("is_packed_batching")
      .ignored_attribute("scale");
}

}  // namespace mica
