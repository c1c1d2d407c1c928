// ConstantOfShape, ai.onnx 9: a tensor of the dims that the input holds, filled with one value (float 0 by default).
#include "kernels/shape/constant_of_shape.h"

#include "kernels/op.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/moves.h"
#include "kernels/shape/shape_input.h"

namespace mica {
namespace {

void prepare(ConstantOfShape& op, const NodeFacts&) {
  if (!op.value.defined()) op.value = Tensor::scalar(0.0f);
  if (op.value.elements() != 1) {
    throw Error(ErrorCode::InvalidModel, "attribute \"value\" must have one element, not be " + op.value.str());
  }
}

void infer(const ConstantOfShape& op, InferContext& ctx) {
  auto dims = dims_from_input(ctx, 0, "the shape");
  if (!dims) return ctx.set(0, op.value.dtype());
  const auto shape = to_shape(*dims);
  const auto value = contents_of(op.value);
  constexpr int64_t kMost = InferContext::kMaxContents;
  const int64_t count = shape ? checked_elements(shape->dims()).value_or(kMost + 1) : kMost + 1;
  if (value && count <= kMost) ctx.set_contents(0, Dims(static_cast<size_t>(count), value->front()));
  ctx.set(0, op.value.dtype(), std::move(*dims));
}

void run_cpu(const ConstantOfShape& op, const Operands& io) {
  Tensor& y = io.out(0);
  void* to = stage(io, y);
  moves_of(y.dtype()).fill(load(io, op.value), y.elements(), to);
  store(to, y);
}

}  // namespace

MICA_OP(ConstantOfShape, 9) {
  return op<ConstantOfShape>()
      .input("input", types::int64)
      .output("output")
      .attribute("value", &ConstantOfShape::value)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
