// QLinearSoftmax, com.microsoft 1:  Y = quantize(softmax(dequantize(X))), along one axis, or, where `opset` is below
// 13, over all axes from `axis` on.
#include "kernels/quant/qlinear_softmax.h"

#include "kernels/quant/byte_map.h"
#include "kernels/softmax/softmax.h"

namespace mica {
namespace {

enum Input : size_t { kX, kXScale, kXZero, kYScale, kYZero };

void prepare(QLinearSoftmax& op, const NodeFacts&) {
  op.flatten = op.opset < 13;
}

void infer(const QLinearSoftmax& op, InferContext& ctx) {
  same_dtype(ctx, kX, kXZero);
  same_dtype(ctx, kX, kYZero);
  infer_along_axis(op, ctx);
}

void run_cpu(const QLinearSoftmax& op, const Operands& io) {
  const Tensor& x = io.in(kX);
  const AxisExtent e = axis_extent(op, x.shape());
  const ByteQuantization from = byte_quantization(io, kXScale, kXZero);
  const ByteQuantization to = byte_quantization(io, kYScale, kYZero);
  float* numbers = io.scratch<float>(x.elements());
  visit_dtype<uint8_t, int8_t>(x.dtype(), [&]<class T>() {
    ByteLoops<T>::dequantize()(x.data<T>(), from.scale, from.zero, numbers, x.elements());
    softmax_along<SoftmaxKind::Plain>(io.threads(), numbers, numbers, e.outer, e.width, e.inner);
    ByteLoops<T>::quantize()(numbers, to.scale, to.zero, io.out(0).mutable_data<T>(), x.elements());
  });
}

}  // namespace

MICA_OP(QLinearSoftmax, 1, com_microsoft) {
  return op<QLinearSoftmax>()
      .input("X", kByteTypes)
      .input("X_scale", types::f32)
      .optional_input("x_zero_point", kByteTypes)
      .input("y_scale", types::f32)
      .input("y_zero_point", kByteTypes)
      .output("Y")
      .attribute("axis", &AlongAxis::axis)
      .required("opset", &QLinearSoftmax::opset)
      .prepare<prepare>()
      .infer<infer>()
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

}  // namespace mica
