// Conv, ai.onnx 1, 11, 22:  Y[n, m, o] = B[m] + sum over c, k of X[n, c, o * stride - pad + k * dilation] * W[m, c, k]
// with channels c of the group that filter m belongs to. The versions differ in element types only.
#include "kernels/conv/conv.h"

#include "kernels/wide.h"

namespace mica {
namespace {

void infer(const ConvParams& op, InferContext& ctx) {
  same_dtype(ctx, 0, 1);
  same_dtype(ctx, 0, 2);
  ctx.set(0, ctx.dtype(0), conv_output_dims(op, ctx, 0, 1, 2));
}

template <class T>
void run(const ConvGeometry& g, const Operands& io) {
  using Acc = Wide<T>;
  const T* x = io.in(0).data<T>();
  const T* w = io.in(1).data<T>();
  const T* bias = io.has(2) ? io.in(2).data<T>() : nullptr;
  T* y = io.out(0).mutable_data<T>();
  convolve(
      g, io.scratch<Acc>(g.outputs()), [=](int64_t i) { return static_cast<Acc>(x[i]); },
      [=](int64_t i, int64_t) { return static_cast<Acc>(w[i]); },
      [=](int64_t i, int64_t filter, Acc sum) {
        y[i] = static_cast<T>(bias != nullptr ? sum + static_cast<Acc>(bias[filter]) : sum);
      });
}

void run_cpu(const ConvParams& op, const Operands& io) {
  const ConvGeometry g = conv_geometry(op, io.in(0).shape(), io.in(1).shape(), io.out(0).shape());
  check_bias(io, 2, g.groups * g.filters);
  visit_dtype<float, double, Half, BFloat16>(io.in(0).dtype(), [&]<class T>() { run<T>(g, io); });
}

OpBuilder<ConvParams> conv(DTypeSet types) {
  OpBuilder<ConvParams> builder = op<ConvParams>();
  conv_attributes(builder);
  return builder.input("X", types)
      .input("W", types)
      .optional_input("B", types)
      .output("Y")
      .prepare<check_conv>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace

MICA_OP(Conv, 22) {
  return conv(types::floats);
}

MICA_OP(Conv, 1) {
  return conv(types::floats - DTypeSet{DType::BF16});
}

}  // namespace mica
