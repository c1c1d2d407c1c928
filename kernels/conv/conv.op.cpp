// Conv, ai.onnx 1, 11, 22:  Y[n, m, o] = B[m] + sum over c, k of X[n, c, o * stride - pad + k * dilation] * W[m, c, k]
// with channels c of the group that filter m belongs to. The versions differ in element types only.
#include "kernels/conv/float_conv.h"
#include "kernels/flop_rules.h"
#include "kernels/wide_constant.h"
#include "kernels/wide_operands.h"

namespace mica {
namespace {

void infer(const ConvParams& op, InferContext& ctx) {
  same_dtype(ctx, 0, 1);
  same_dtype(ctx, 0, 2);
  ctx.set(0, ctx.dtype(0), conv_output_dims(op, ctx, 0, 1, 2));
}

void run_doubles(const ConvGeometry& g, const Operands& io) {
  const double* x = io.in(0).data<double>();
  const double* w = io.in(1).data<double>();
  const double* bias = io.has(2) ? io.in(2).data<double>() : nullptr;
  double* y = io.out(0).mutable_data<double>();
  convolve(
      g, io.scratch<double>(g.outputs()), [=](int64_t i) { return x[i]; }, [=](int64_t i, int64_t) { return w[i]; },
      [=](int64_t i, int64_t filter, double sum) { y[i] = bias != nullptr ? sum + bias[filter] : sum; });
}

// Weights that are not floats, as floats.
std::shared_ptr<const PackedBytes> prepack(const ConvParams&, const ConstantOperands& constants) {
  return pack_widened(constants.in(1));
}

void run_cpu(const ConvParams& op, const Operands& io) {
  const ConvGeometry g = conv_geometry(op, io.in(0).shape(), io.in(1).shape(), io.out(0).shape());
  check_bias(io, 2, g.groups * g.filters);
  if (io.in(0).dtype() == DType::F64) return run_doubles(g, io);
  const WideOutput<float> y(io, io.out(0));
  const auto* packed = io.packed<PackedBytes>();
  const float* w = packed != nullptr ? packed->data<float>() : widen<float>(io, io.in(1));
  convolve_floats(io, g, {widen<float>(io, io.in(0)), w, widen_optional<float>(io, 2), y.data()});
  y.store();
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
      .flops<convolution_flops<1>>()
      .cpu<run_cpu>()
      .prepack<prepack>();
}

}  // namespace

MICA_OP(Conv, 22) {
  return conv(types::floats);
}

MICA_OP(Conv, 1) {
  return conv(types::floats - DTypeSet{DType::BF16});
}

}  // namespace mica
