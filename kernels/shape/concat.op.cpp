// Concat, ai.onnx 4: joins tensors along one axis. Before version 4 the axis is 1 unless given.
#include "kernels/shape/concat.h"

#include "kernels/shape/copies.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/moves.h"

namespace mica {
namespace {

struct Concat {
  int64_t axis = 1;
};

// Contents are followed for vectors: shapes are put together that way.
void infer_contents(InferContext& ctx) {
  Dims joined;
  for (size_t i = 0; i < ctx.inputs(); ++i) {
    const auto part = ctx.contents(i);
    if (!part) return;
    joined.insert(joined.end(), part->begin(), part->end());
  }
  ctx.set_contents(0, std::move(joined));
}

void infer(const Concat& op, InferContext& ctx) {
  for (size_t i = 1; i < ctx.inputs(); ++i) same_dtype(ctx, 0, i);
  auto dims = concat_dims(ctx, op.axis);
  if (dims && dims->size() == 1) infer_contents(ctx);
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

void run_cpu(const Concat& op, const Operands& io) {
  Tensor& y = io.out(0);
  const ElementMoves& moves = moves_of(y.dtype());
  void* staged = stage(io, y);
  const void* part = nullptr;
  size_t part_of = io.inputs();
  join(io, op.axis, 0, 1, [&](size_t i, int64_t from, int64_t to, int64_t count) {
    if (part_of != i) part = load(io, io.in(i));
    part_of = i;
    moves.copy(moves.at(part, from), count, moves.at(staged, to));
  });
  store(staged, y);
}

int64_t axis_of(const Concat& op) {
  return op.axis;
}

OpBuilder<Concat> concat() {
  return op<Concat>()
      .variadic_input("inputs", types::any)
      .output("concat_result")
      .infer<infer>()
      .appends<axis_of>(0, 0)
      .cpu<run_cpu>();
}

}  // namespace

void concat_copies(const void* params, const Operands& io, FunctionRef<void(size_t, const StridedCopy&)> copy_part) {
  const auto& op = *static_cast<const Concat*>(params);
  join_parts(io, op.axis, 0, 1, [&](size_t i, int64_t to, int64_t width, int64_t pitch) {
    StridedCopy copy(0, to);
    copy.add(io.in(i).elements() / width, width, pitch);
    copy.add(width, 1, 1);
    copy_part(i, copy);
  });
}

std::optional<Dims> concat_dims(const InferContext& ctx, int64_t axis, size_t first, size_t step) {
  for (size_t i = first; i < ctx.inputs(); i += step) {
    if (ctx.dims(i) == nullptr) return std::nullopt;
  }
  Dims dims = *ctx.dims(first);
  const size_t at = ctx.axis(axis, dims.size());
  for (size_t i = first + step; i < ctx.inputs(); i += step) {
    const Dims& other = *ctx.dims(i);
    if (other.size() != dims.size()) ctx.fail("ranks differ: " + str(*ctx.dims(first)) + " and " + str(other));
    for (size_t d = 0; d < dims.size(); ++d) {
      dims[d] = d == at ? dims[d] + other[d] : ctx.merge(dims[d], other[d], "dims of axis " + std::to_string(d));
    }
  }
  return dims;
}

MICA_OP(Concat, 4) {
  return concat().required("axis", &Concat::axis);
}

MICA_OP(Concat, 1) {
  return concat().attribute("axis", &Concat::axis);
}

}  // namespace mica
