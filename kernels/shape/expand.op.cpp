// Expand, ai.onnx 8: broadcasts a tensor with a shape, both ways as numpy does.
#include "kernels/op.h"
#include "kernels/shape/copies.h"
#include "kernels/shape/shape_input.h"

namespace mica {
namespace {

StridedCopy broadcast_walk(const Shape& from, const Shape& to) {
  const auto strides = from.strides();
  const auto targets = to.strides();
  const size_t offset = to.rank() - from.rank();
  StridedCopy copy;
  for (size_t i = 0; i < to.rank(); ++i) {
    const bool repeated = i < offset || from[i - offset] == 1;
    copy.add(to[i], repeated ? 0 : strides[i - offset], targets[i]);
  }
  return copy;
}

void infer(const NoParams&, InferContext& ctx) {
  const auto shape = dims_from_input(ctx, 1, "the shape");
  const Dims* from = ctx.dims(0);
  if (!shape || from == nullptr) return ctx.set(0, ctx.dtype(0));
  Dims dims = ctx.broadcast(*from, *shape);
  const auto source = to_shape(*from);
  const auto target = to_shape(dims);
  if (source && target && checked_elements(target->dims())) copy_contents(ctx, 0, broadcast_walk(*source, *target));
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

void run_cpu(const NoParams& op, const Operands& io) {
  expand_copy(&op, io).run(io, io.in(0), io.out(0));
}

}  // namespace

StridedCopy expand_copy(const void*, const Operands& io) {
  const Shape& from = io.in(0).shape();
  const Shape& to = io.out(0).shape();
  bool fits = from.rank() <= to.rank();
  for (size_t i = 0; fits && i < from.rank(); ++i) {
    fits = from[i] == 1 || from[i] == to[to.rank() - from.rank() + i];
  }
  if (!fits) bad_input("cannot expand " + io.in(0).str() + " to " + to.str());
  return broadcast_walk(from, to);
}

MICA_OP(Expand, 8) {
  return op().input("input", types::any).input("shape", types::int64).output("output").infer<infer>().cpu<run_cpu>();
}

}  // namespace mica
