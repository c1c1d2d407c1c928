#include "kernels/elementwise/legacy.h"

#include "runtime/base/concat.h"

namespace mica {

int64_t LegacyBroadcast::trailing(size_t a_rank, size_t b_rank) const {
  const int64_t rank = static_cast<int64_t>(a_rank);
  const int64_t covered = static_cast<int64_t>(b_rank);
  if (!broadcast || !axis) return 0;
  const int64_t first = *axis < 0 ? *axis + rank : *axis;
  if (*axis < -rank || first + covered > rank) {
    throw_error(ErrorCode::InvalidArgument,
                {"axis ", *axis, " does not place the ", b_rank, " axes of B among the ", a_rank, " of A"});
  }
  return rank - first - covered;
}

Shape LegacyBroadcast::aligned(const Shape& a, const Shape& b) const {
  Shape shape = b;
  for (int64_t i = trailing(a.rank(), b.rank()); i > 0; --i) shape.push_back(1);
  return shape;
}

void infer_legacy_binary(const LegacyBroadcast& op, InferContext& ctx, DType result, DimFunction contents) {
  same_dtype(ctx, 0, 1);
  const Dims* a = ctx.dims(0);
  const Dims* b = ctx.dims(1);
  if (a == nullptr || (b == nullptr && op.broadcast)) return ctx.set(0, result, ctx.type(0).dims);
  Dims dims = *a;
  if (b != nullptr) {
    const int64_t trailing = op.trailing(a->size(), b->size());
    const size_t covered = b->size() + static_cast<size_t>(trailing);
    if (covered > a->size() || (!op.broadcast && covered != a->size())) {
      throw_error(ErrorCode::InvalidModel, {"B of ", b->size(), " axes does not broadcast to A of ", a->size()});
    }
    for (size_t i = 0; i < b->size(); ++i) {
      Dim& dim = dims[a->size() - covered + i];
      const Dim& other = (*b)[i];
      if (!op.broadcast || !other.is(1)) dim = ctx.merge(dim, other, "dims of A and B");
    }
    if (trailing != 0) contents = nullptr;
  }
  set_result(ctx, result, std::move(dims), contents);
}

OpBuilder<LegacyBroadcast> legacy_signature(DTypeSet types) {
  return binary_signature<LegacyBroadcast>(types)
      .attribute("broadcast", &LegacyBroadcast::broadcast)
      .attribute("axis", &LegacyBroadcast::axis)
      .ignored_attribute("consumed_inputs");
}

OpDef* define_legacy_binary(DTypeSet types, bool test, DimFunction contents, KernelFn run) {
  OpDef* def = legacy_signature(types);
  def->infer = [test, contents](const void* params, InferContext& ctx) {
    const auto& op = *static_cast<const LegacyBroadcast*>(params);
    infer_legacy_binary(op, ctx, test ? DType::Bool : ctx.dtype(0), contents);
  };
  return add_kernel(def, run);
}

}  // namespace mica
