#include "kernels/infer_rules.h"

namespace mica {

void infer_same_type(InferContext& ctx, const InferRule& rule) {
  ctx.set(0, ctx.type(rule.input));
}

void infer_same_dims(InferContext& ctx, const InferRule& rule) {
  ctx.set(0, rule.dtype, ctx.type(rule.input).dims);
}

std::optional<Dims> broadcast_inputs(const InferContext& ctx, size_t first) {
  std::optional<Dims> result;
  for (size_t i = first; i < ctx.inputs(); ++i) {
    if (!ctx.has(i)) continue;
    const Dims* dims = ctx.dims(i);
    if (dims == nullptr) return std::nullopt;
    result = result ? ctx.broadcast(*result, *dims) : *dims;
  }
  return result;
}

void same_dtype(const InferContext& ctx, size_t a, size_t b) {
  if (!ctx.has(a) || !ctx.has(b)) return;
  const DType x = ctx.dtype(a);
  const DType y = ctx.dtype(b);
  if (x == y || x == DType::Undefined || y == DType::Undefined) return;
  ctx.fail("inputs have different element types: " + std::string(name(x)) + " and " + std::string(name(y)));
}

void infer_broadcast(InferContext& ctx, const InferRule& rule) {
  for (size_t i = 1; i < ctx.inputs(); ++i) same_dtype(ctx, 0, i);
  ctx.set(0, rule.dtype == DType::Undefined ? ctx.dtype(0) : rule.dtype, broadcast_inputs(ctx));
}

std::optional<Dims> broadcast_contents(const InferContext& ctx, size_t i, const Dims& dims) {
  const auto contents = ctx.contents(i);
  const Dims* from = ctx.dims(i);
  const auto shape = to_shape(dims);
  if (!contents || from == nullptr || !shape || shape->elements() > static_cast<int64_t>(InferContext::kMaxContents)) {
    return std::nullopt;
  }
  const auto source = to_shape(*from);
  if (!source || source->rank() > shape->rank()) return std::nullopt;
  const auto strides = source->strides();
  const size_t offset = shape->rank() - source->rank();
  Dims result;
  for (int64_t flat = 0; flat < shape->elements(); ++flat) {
    int64_t rest = flat;
    int64_t at = 0;
    for (size_t axis = shape->rank(); axis-- > 0;) {
      const int64_t index = rest % (*shape)[axis];
      rest /= (*shape)[axis];
      if (axis >= offset && (*source)[axis - offset] != 1) at += index * strides[axis - offset];
    }
    result.push_back((*contents)[static_cast<size_t>(at)]);
  }
  return result;
}

}  // namespace mica
