// QLinearConv, ai.onnx 10:  y = saturate(round(sum * (x_scale * w_scale / y_scale)) + y_zero_point), where sum is the
// convolution of x - x_zero_point with w - w_zero_point, plus B. Scale and zero point of w are one number or one for
// each filter.
#include "kernels/conv/int8_conv.h"
#include "kernels/flop_rules.h"
#include "kernels/quant/parameters.h"
#include "kernels/quant/quantize_simd.h"

namespace mica {
namespace {

enum Input : size_t { kX, kXScale, kXZero, kW, kWScale, kWZero, kYScale, kYZero, kBias };

void infer(const ConvParams& op, InferContext& ctx) {
  same_dtype(ctx, kX, kXZero);
  same_dtype(ctx, kW, kWZero);
  ctx.set(0, ctx.dtype(kYZero), conv_output_dims(op, ctx, kX, kW, kBias));
}

auto prepack(const ConvParams&, const ConstantOperands& io) {
  return pack_filters(io.in(kW));
}

/// x_scale * w_scale / y_scale of every filter.
const float* filter_scales(const Operands& io, int64_t filters) {
  const int64_t given = io.in(kWScale).elements();
  if (given != 1 && given != filters) {
    bad_input("scale " + io.in(kWScale).str() + " is neither one nor one for each of " + std::to_string(filters) +
              " filters");
  }
  const float x = one_scale(io, kXScale);
  const float y = one_scale(io, kYScale);
  const float* w = load_parameters<float>(io, kWScale, given);
  float* scales = io.scratch<float>(filters);
  for (int64_t i = 0; i < filters; ++i) scales[i] = x * w[given == 1 ? 0 : i] / y;
  return scales;
}

void run_cpu(const ConvParams& op, const Operands& io) {
  Tensor& y = io.out(0);
  const ConvGeometry g = conv_geometry(op, io.in(kX).shape(), io.in(kW).shape(), y.shape());
  const int64_t filters = g.groups * g.filters;
  const int64_t outputs = g.outputs();
  check_bias(io, kBias, filters);
  const float* scales = filter_scales(io, filters);
  const int32_t zero = one_zero(io, kYZero);
  const Int8ConvOperands operands{io.in(kX), &io.in(kXZero), io.in(kW), &io.in(kWZero),
                                  io.has(kBias) ? io.in(kBias).data<int32_t>() : nullptr};
  visit_dtype<uint8_t, int8_t>(y.dtype(), [&]<class T>() {
    T* to = y.mutable_data<T>();
    const auto requantize = ByteLoops<T>::requantize_by_one();
    const auto store = [&](int64_t image, int64_t filter, int64_t position, int64_t count, const int32_t* sums) {
      requantize(sums, scales[filter], zero, to + (image * filters + filter) * outputs + position, count);
    };
    convolve_int8(io, g, operands, io.packed<PackedFilters>(), store);
  });
}

}  // namespace

MICA_OP(QLinearConv, 10) {
  OpBuilder<ConvParams> builder = op<ConvParams>();
  conv_attributes(builder);
  return builder.input("x", kByteTypes)
      .input("x_scale", types::f32)
      .input("x_zero_point", kByteTypes)
      .input("w", kByteTypes)
      .input("w_scale", types::f32)
      .input("w_zero_point", kByteTypes)
      .input("y_scale", types::f32)
      .input("y_zero_point", kByteTypes)
      .optional_input("B", DTypeSet{DType::I32})
      .output("y")
      .prepare<check_conv>()
      .infer<infer>()
      .flops<convolution_flops<3>>()
      .cpu<run_cpu>()
      .prepack<prepack>();
}

}  // namespace mica
