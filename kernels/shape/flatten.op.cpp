// Flatten, ai.onnx 1: a matrix whose rows are the axes before `axis` and whose columns are those from it on.
#include "kernels/op.h"
#include "kernels/shape/copy.h"

namespace mica {
namespace {

struct Flatten {
  int64_t axis = 1;
};

void infer(const Flatten& op, InferContext& ctx) {
  if (auto contents = ctx.contents(0)) ctx.set_contents(0, std::move(*contents));
  const Dims* dims = ctx.dims(0);
  if (dims == nullptr) return ctx.set(0, ctx.dtype(0), Dims{ctx.unknown(), ctx.unknown()});
  const auto middle = dims->begin() + static_cast<ptrdiff_t>(ctx.axis(op.axis, dims->size(), true));
  ctx.set(0, ctx.dtype(0), Dims{product(Dims(dims->begin(), middle)), product(Dims(middle, dims->end()))});
}

}  // namespace

MICA_OP(Flatten, 1) {
  return op<Flatten>()
      .input("input", types::any)
      .output("output")
      .attribute("axis", &Flatten::axis)
      .infer<infer>()
      .view(0, 0)
      .cpu<copy_input<Flatten>>();
}

}  // namespace mica
