// Squeeze, ai.onnx 1: drops axes of size 1, all of them unless `axes` (an input from version 13 on) names some.
// Unsqueeze, ai.onnx 1: puts axes of size 1 in.
#include <algorithm>

#include "kernels/op.h"
#include "kernels/shape/copy.h"
#include "kernels/shape/shape_input.h"

namespace mica {
namespace {

using Axes = std::vector<int64_t>;

struct AxesOp {
  std::optional<Axes> axes;
};

void squeeze(InferContext& ctx, const std::optional<Axes>& axes) {
  const DType dtype = ctx.dtype(0);
  const Dims* dims = ctx.dims(0);
  if (dims == nullptr) return ctx.set(0, dtype);
  std::vector<bool> drop(dims->size());
  for (size_t i = 0; !axes && i < dims->size(); ++i) {
    const Dim& dim = (*dims)[i];
    if (!dim.is_constant() && dim.lower_bound().value_or(0) < 2) return ctx.set(0, dtype);  // may turn out to be 1
    drop[i] = dim.is(1);
  }
  if (axes) {
    for (const size_t axis : distinct_axes(ctx, *axes, dims->size())) {
      const Dim& dim = (*dims)[axis];
      if (dim.is_constant() && !dim.is(1)) {
        ctx.fail("cannot squeeze axis " + std::to_string(axis) + " of " + str(*dims) + ": its size is not 1");
      }
      drop[axis] = true;
    }
  }
  Dims kept;
  for (size_t i = 0; i < dims->size(); ++i) {
    if (!drop[i]) kept.push_back((*dims)[i]);
  }
  ctx.set(0, dtype, std::move(kept));
}

void unsqueeze(InferContext& ctx, const Axes& axes) {
  const Dims* dims = ctx.dims(0);
  if (dims == nullptr) return ctx.set(0, ctx.dtype(0));
  const size_t rank = dims->size() + axes.size();
  if (rank > Shape::kMaxRank) ctx.fail("rank " + std::to_string(rank) + " is above the limit");
  std::vector<bool> added(rank);
  for (const size_t axis : distinct_axes(ctx, axes, rank)) added[axis] = true;
  Dims result;
  auto next = dims->begin();
  for (size_t i = 0; i < rank; ++i) result.push_back(added[i] ? Dim(1) : *next++);
  ctx.set(0, ctx.dtype(0), std::move(result));
}

void pass_contents(InferContext& ctx) {
  if (auto contents = ctx.contents(0)) ctx.set_contents(0, std::move(*contents));
}

void infer_squeeze(const AxesOp& op, InferContext& ctx) {
  pass_contents(ctx);
  if (!ctx.has(1)) return squeeze(ctx, op.axes);
  if (auto axes = ctx.integers(1)) return squeeze(ctx, axes);
  const auto count = vector_length(ctx, 1, "axes");
  const Dims* dims = ctx.dims(0);
  if (!count || dims == nullptr || *count > static_cast<int64_t>(dims->size())) return ctx.set(0, ctx.dtype(0));
  ctx.set(0, ctx.dtype(0), unknown_dims(ctx, dims->size() - static_cast<size_t>(*count)));
}

void infer_unsqueeze(const AxesOp& op, InferContext& ctx) {
  pass_contents(ctx);
  if (op.axes) return unsqueeze(ctx, *op.axes);
  if (const auto axes = ctx.integers(1)) return unsqueeze(ctx, *axes);
  const auto count = vector_length(ctx, 1, "axes");
  const Dims* dims = ctx.dims(0);
  if (!count || dims == nullptr || *count > static_cast<int64_t>(Shape::kMaxRank)) return ctx.set(0, ctx.dtype(0));
  ctx.set(0, ctx.dtype(0), unknown_dims(ctx, dims->size() + static_cast<size_t>(*count)));
}

OpBuilder<AxesOp> axes_op() {
  return op<AxesOp>().input("data", types::any).view(0, 0).cpu<copy_input<AxesOp>>();
}

}  // namespace

MICA_OP(Squeeze, 13) {
  return axes_op().optional_input("axes", types::int64).output("squeezed").infer<infer_squeeze>();
}

MICA_OP(Squeeze, 1) {
  return axes_op().output("squeezed").attribute("axes", &AxesOp::axes).infer<infer_squeeze>();
}

MICA_OP(Unsqueeze, 13) {
  return axes_op().input("axes", types::int64).output("expanded").infer<infer_unsqueeze>();
}

MICA_OP(Unsqueeze, 1) {
  return axes_op().output("expanded").required("axes", &AxesOp::axes).infer<infer_unsqueeze>();
}

}  // namespace mica
