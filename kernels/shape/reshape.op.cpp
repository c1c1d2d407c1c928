// Reshape, ai.onnx 1: the same elements under other dims. In the new shape -1 stands for what is left over, and 0 for
// the input's dim of that axis (from version 14 on only unless allowzero).
#include <algorithm>

#include "kernels/op.h"
#include "kernels/shape/copy.h"
#include "kernels/shape/shape_input.h"

namespace mica {
namespace {

struct Reshape {
  std::vector<int64_t> shape;  ///< before version 5
  bool allowzero = false;
};

Dim rest_of(const InferContext& ctx, const Dims& from, const Dims& to) {
  const Dim total = product(from);
  const Dim others = product(to);
  const auto mismatch = [&] { ctx.fail("cannot reshape " + str(from) + " to " + str(to) + " with -1 as a factor"); };
  if (others.is(0)) mismatch();
  if (const auto rest = exact_div(total, others)) return *rest;
  if (total.is_constant() && others.is_constant()) mismatch();
  return floor_div(total, others);
}

void infer_dims(const Reshape& op, InferContext& ctx, const std::optional<Dims>& wanted) {
  const DType dtype = ctx.dtype(0);
  if (auto contents = ctx.contents(0)) ctx.set_contents(0, std::move(*contents));
  if (!wanted) return ctx.set(0, dtype);
  const Dims* from = ctx.dims(0);
  Dims to = *wanted;
  size_t rest = to.size();
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i].is(-1)) {
      if (rest < to.size()) ctx.fail("the new shape " + str(*wanted) + " has more than one -1");
      rest = i;
    } else if (to[i].is(0) && !op.allowzero) {
      if (from != nullptr && i >= from->size()) {
        ctx.fail("the new shape " + str(*wanted) + " has a 0 beyond the axes of " + str(*from));
      }
      to[i] = from != nullptr ? (*from)[i] : ctx.unknown();
    }
  }
  if (rest < to.size()) {
    to[rest] = 1;
    to[rest] = from != nullptr ? rest_of(ctx, *from, to) : ctx.unknown();
  } else if (from != nullptr) {
    const Dim before = product(*from);
    const Dim after = product(to);
    if (before.is_constant() && after.is_constant() && !(before == after)) {
      ctx.fail("cannot reshape " + str(*from) + " to " + str(to) + ": " + before.str() + " and " + after.str() +
               " elements");
    }
  }
  ctx.set(0, dtype, std::move(to));
}

void infer(const Reshape& op, InferContext& ctx) {
  infer_dims(op, ctx, dims_from_input(ctx, 1, "the new shape", -1));
}

void infer_from_attribute(const Reshape& op, InferContext& ctx) {
  if (op.shape.size() > Shape::kMaxRank || std::ranges::any_of(op.shape, [](int64_t dim) { return dim < -1; })) {
    ctx.fail("attribute \"shape\" is no shape: " + str(Dims(op.shape.begin(), op.shape.end())));
  }
  infer_dims(op, ctx, Dims(op.shape.begin(), op.shape.end()));
}

OpBuilder<Reshape> reshape() {
  return op<Reshape>()
      .input("data", types::any)
      .input("shape", types::int64)
      .output("reshaped")
      .infer<infer>()
      .view(0, 0)
      .cpu<copy_input<Reshape>>();
}

}  // namespace

MICA_OP(Reshape, 14) {
  return reshape().attribute("allowzero", &Reshape::allowzero);
}

MICA_OP(Reshape, 5) {
  return reshape();
}

MICA_OP(Reshape, 1) {
  return op<Reshape>()
      .input("data", types::any)
      .output("reshaped")
      .attribute("shape", &Reshape::shape)
      .ignored_attribute("consumed_inputs")
      .infer<infer_from_attribute>()
      .view(0, 0)
      .cpu<copy_input<Reshape>>();
}

}  // namespace mica
