// QLinearConv, ai.onnx 10:  y = saturate(round(sum * (x_scale * w_scale / y_scale)) + y_zero_point), where sum is the
// convolution of x - x_zero_point with w - w_zero_point, plus B. Scale and zero point of w are one number or one for
// each filter.
// QLinearConv, com.microsoft 1:  the same, with `channels_last` of x and y [N, spatial..., channels], of one or two
// spatial axes; w is the same.
#include "kernels/conv/qlinear_conv.h"

#include "kernels/conv/channels_last.h"
#include "kernels/conv/int8_channels_last.h"
#include "kernels/conv/int8_conv.h"
#include "kernels/flop_rules.h"
#include "kernels/quant/parameters.h"
#include "kernels/quant/quantize_simd.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

using enum QLinearConv::Input;

void infer(const QLinearConv& op, InferContext& ctx) {
  same_dtype(ctx, kX, kXZero);
  same_dtype(ctx, kW, kWZero);
  const Dims* x = ctx.dims(kX);
  if (!op.channels_last || x == nullptr || x->size() < 3) {
    return ctx.set(0, ctx.dtype(kYZero), conv_output_dims(op, ctx, kX, kW, kBias));
  }
  if (x->size() > 4) throw_error(ErrorCode::InvalidModel, {"the input ", *x, " has more than two spatial axes"});
  auto y = conv_output_dims(op, ctx, channels_first(*x), kW, kBias);
  if (y) y = channels_last(*y);
  ctx.set(0, ctx.dtype(kYZero), std::move(y));
}

std::shared_ptr<const void> prepack(const QLinearConv& op, const ConstantOperands& io) {
  if (op.channels_last) return pack_channels_last_bytes(op, io.in(kW), io.in(kWZero));
  return pack_filters(io.in(kW));
}

/// x_scale * w_scale / y_scale of every filter.
const float* filter_scales(const Operands& io, int64_t filters) {
  const int64_t given = io.in(kWScale).elements();
  if (given != 1 && given != filters) {
    throw_error(ErrorCode::InvalidArgument,
                {"scale ", io.in(kWScale), " is neither one nor one for each of ", filters, " filters"});
  }
  const float x = one_scale(io, kXScale);
  const float y = one_scale(io, kYScale);
  const float* w = load_parameters<float>(io, kWScale, given);
  float* scales = io.scratch<float>(filters);
  for (int64_t i = 0; i < filters; ++i) scales[i] = x * w[given == 1 ? 0 : i] / y;
  return scales;
}

void run_channels_last(const QLinearConv& op, const Operands& io, const ConvGeometry& g,
                       const Int8ConvOperands& operands) {
  const FilterResults results{filter_scales(io, g.groups * g.filters), one_zero(io, kYZero)};
  const auto* packed = io.packed<ChannelsLastBytes>();
  if (packed != nullptr) return convolve_channels_last_bytes(io, g, operands, *packed, results, io.out(0));
  convolve_channels_last_bytes(io, g, operands, {op, operands.w, operands.w_zero}, results, io.out(0));
}

void run_cpu(const QLinearConv& op, const Operands& io) {
  Tensor& y = io.out(0);
  const Shape &from = io.in(kX).shape(), &to = y.shape();
  if (op.channels_last && (from.rank() < 3 || from.rank() > 4 || to.rank() != from.rank())) {
    throw_error(ErrorCode::InvalidArgument, {"input ", from, " and output ", to, " do not fit"});
  }
  const ConvGeometry g = op.channels_last
                             ? conv_geometry(op, channels_first(from), io.in(kW).shape(), channels_first(to))
                             : conv_geometry(op, from, io.in(kW).shape(), to);
  check_bias(io, kBias, g.groups * g.filters);
  const Int8ConvOperands operands{io.in(kX), &io.in(kXZero), io.in(kW), &io.in(kWZero),
                                  io.has(kBias) ? io.in(kBias).data<int32_t>() : nullptr};
  if (op.channels_last) return run_channels_last(op, io, g, operands);
  const int64_t filters = g.groups * g.filters, outputs = g.outputs();
  const float* scales = filter_scales(io, filters);
  const int32_t zero = one_zero(io, kYZero);
  visit_dtype<uint8_t, int8_t>(y.dtype(), [&]<class T>() {
    T* codes = y.mutable_data<T>();
    const auto requantize = ByteLoops<T>::requantize_by_one();
    const auto store = [&](int64_t image, int64_t filter, int64_t position, int64_t count, const int32_t* sums) {
      requantize(sums, scales[filter], zero, codes + (image * filters + filter) * outputs + position, count);
    };
    convolve_int8(io, g, operands, io.packed<PackedFilters>(), store);
  });
}

OpBuilder<QLinearConv> qlinear_conv() {
  OpBuilder<QLinearConv> builder = op<QLinearConv>();
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

}  // namespace

MICA_OP(QLinearConv, 10) {
  return qlinear_conv();
}

MICA_OP(QLinearConv, 1, com_microsoft) {
  return qlinear_conv().attribute("channels_last", &QLinearConv::channels_last);
}

}  // namespace mica
