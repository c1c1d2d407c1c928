// ConvInteger, ai.onnx 10:  the convolution of x - x_zero_point with w - w_zero_point, in int32. The zero point of w is
// one number or one for each filter. What is outside x counts as 0.
#include "kernels/conv/int8_conv.h"
#include "kernels/flop_rules.h"
#include "kernels/quant/parameters.h"

namespace mica {
namespace {

void infer(const ConvParams& op, InferContext& ctx) {
  same_dtype(ctx, 0, 2);
  same_dtype(ctx, 1, 3);
  ctx.set(0, DType::I32, conv_output_dims(op, ctx, 0, 1));
}

auto prepack(const ConvParams&, const ConstantOperands& io) {
  return pack_filters(io.in(1));
}

void run_cpu(const ConvParams& op, const Operands& io) {
  Tensor& y = io.out(0);
  const ConvGeometry g = conv_geometry(op, io.in(0).shape(), io.in(1).shape(), y.shape());
  const Int8ConvOperands operands{io.in(0), optional_tensor(io, 2), io.in(1), optional_tensor(io, 3)};
  const int64_t filters = g.groups * g.filters;
  const int64_t outputs = g.outputs();
  int32_t* to = y.mutable_data<int32_t>();
  const auto store = [&](int64_t image, int64_t filter, int64_t position, int64_t count, const int32_t* sums) {
    std::copy_n(sums, count, to + (image * filters + filter) * outputs + position);
  };
  convolve_int8(io, g, operands, io.packed<PackedFilters>(), store);
}

}  // namespace

MICA_OP(ConvInteger, 10) {
  OpBuilder<ConvParams> builder = op<ConvParams>();
  conv_attributes(builder);
  return builder.input("x", kByteTypes)
      .input("w", kByteTypes)
      .optional_input("x_zero_point", kByteTypes)
      .optional_input("w_zero_point", kByteTypes)
      .output("y")
      .prepare<check_conv>()
      .infer<infer>()
      .flops<convolution_flops<1>>()
      .cpu<run_cpu>()
      .prepack<prepack>();
}

}  // namespace mica
