// Softmax, ai.onnx 1:     Y = exp(X) / sum(exp(X))
// LogSoftmax, ai.onnx 1:  Y = log(softmax(X))
// along one axis from version 13 on; before, over all axes from `axis` on.
#include "kernels/softmax/softmax.h"

#include "kernels/softmax/axis.h"

namespace mica {
namespace {

template <SoftmaxKind kind>
void run_cpu(const AlongAxis& op, const Operands& io) {
  const AxisExtent e = axis_extent(op, io.in(0).shape());
  visit_dtype<float, double, Half, BFloat16>(io.in(0).dtype(), [&]<class T>() {
    softmax_along<kind>(io.threads(), io.in(0).data<T>(), io.out(0).mutable_data<T>(), e.outer, e.width, e.inner);
  });
}

template <SoftmaxKind kind>
OpBuilder<AlongAxis> softmax(const AlongAxis& defaults) {
  return along_axis(defaults).cpu<run_cpu<kind>>();
}

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
