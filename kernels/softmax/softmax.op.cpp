// Softmax, ai.onnx 1:     Y = exp(X) / sum(exp(X))
// LogSoftmax, ai.onnx 1:  Y = log(softmax(X))
// along one axis from version 13 on; before, over all axes from `axis` on.
#include "kernels/softmax/softmax.h"

#include "kernels/op.h"

namespace mica {
namespace {

struct Softmax {
  int64_t axis = -1;
  bool flatten = false;  ///< as before version 13
};

void infer(const Softmax& op, InferContext& ctx) {
  if (const Dims* dims = ctx.dims(0)) ctx.axis(op.axis, dims->size(), op.flatten || dims->empty());
  ctx.set(0, ctx.type(0));
}

template <SoftmaxKind kind>
void run_cpu(const Softmax& op, const Operands& io) {
  const Shape& shape = io.in(0).shape();
  const bool rows = op.flatten || shape.rank() == 0;  // all that follows is one row
  const size_t axis = normalize_axis(op.axis, shape.rank(), rows);
  const int64_t width = rows ? shape.elements(axis, shape.rank()) : shape[axis];
  const int64_t inner = rows ? 1 : shape.elements(axis + 1, shape.rank());
  visit_dtype<float, double, Half, BFloat16>(io.in(0).dtype(), [&]<class T>() {
    softmax_along<kind>(io.threads(), io.in(0).data<T>(), io.out(0).mutable_data<T>(), shape.elements(0, axis), width,
                        inner);
  });
}

template <SoftmaxKind kind>
OpBuilder<Softmax> softmax(const Softmax& defaults) {
  return op(defaults)
      .input("input", types::floats)
      .output("output")
      .attribute("axis", &Softmax::axis)
      .template infer<infer>()
      .may_overwrite(0, 0)
      .template cpu<run_cpu<kind>>();
}

constexpr Softmax kFlattening{1, true};

}  // namespace

MICA_OP(Softmax, 13) {
  return softmax<SoftmaxKind::Plain>({});
}

MICA_OP(Softmax, 1) {
  return softmax<SoftmaxKind::Plain>(kFlattening);
}

MICA_OP(LogSoftmax, 13) {
  return softmax<SoftmaxKind::Log>({});
}

MICA_OP(LogSoftmax, 1) {
  return softmax<SoftmaxKind::Log>(kFlattening);
}

}  // namespace mica
