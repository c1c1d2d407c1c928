// ConvLayer, mica 1:  Y = f(conv(X, W) + B + residual), a convolution and what is done to its result, as the optimiser
// joins them. Attributes are those of Conv, and f is an activation of kernels/matmul/layer_activation.h. With
// `channels_last`, X, residual and Y are [N, spatial..., channels], of one or two spatial axes; W is that of Conv. With
// `x_channels_first` too, X is that of Conv.
#include "kernels/conv/conv_layer.h"

#include <algorithm>

#include "kernels/conv/channels_last_conv.h"
#include "kernels/flop_rules.h"
#include "kernels/matmul/bf16_gemm.h"
#include "kernels/packing.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

constexpr size_t kBias = 2, kResidual = 3;

void prepare(ConvLayer& op, const NodeFacts& facts) {
  check_conv(op, facts);
  prepare_layer_activation(op, facts);
}

void infer(const ConvLayer& op, InferContext& ctx) {
  const Dims* x = ctx.dims(0);
  if (x == nullptr || x->size() < 3) return ctx.set(0, DType::F32, conv_output_dims(op, ctx, 0, 1, kBias));
  if (op.channels_last && x->size() > 4)
    throw_error(ErrorCode::InvalidModel, {"the input ", *x, " has more than two spatial axes"});
  auto y = conv_output_dims(op, ctx, op.dims_of_x(*x), 1, kBias);
  if (y && op.channels_last) y = channels_last(*y);
  ctx.set(0, DType::F32, std::move(y));
}

// Of too few numbers that each weight multiplies, or that are multiplied by what is rounded, rounding takes longer than
// bfloat16 saves.
constexpr int64_t kFewest = 24, kFewestWeights = 1025;

std::string refuse_bf16(const ConvLayer& op, std::span<const ValueType> inputs) {
  if (!multiplies_bf16()) return "the CPU has no products of bfloat16";
  if (!op.channels_last || op.x_channels_first) return "channels are not last";
  const auto w = inputs[1].dims ? to_shape(*inputs[1].dims) : std::nullopt;
  if (!w || w->rank() < 3) return "the dims of W are not known";
  const int64_t channels = (*w)[1], filters = (*w)[0] / op.group;
  if (channels % 2 != 0) return "the channels do not make pairs";
  if (std::min(channels, filters) < kFewest || channels * filters < kFewestWeights) return "few channels or filters";
  return "";
}

template <bool in_bf16>
std::shared_ptr<const PackedBytes> prepack(const ConvLayer& op, const ConstantOperands& constants) {
  const Tensor* w = constants.in(1);
  if (!op.channels_last || w == nullptr || w->shape().rank() < 3 || w->shape()[0] % op.group != 0) return nullptr;
  const ChannelsLastFilters filters(op, w->shape(), in_bf16);
  PackTask task;
  task.form = filters.form();
  task.bytes = static_cast<size_t>(filters.elements()) * sizeof(float);
  task.parts = filters.parts();
  task.fill = [filters](const Tensor& constant, std::byte* to, int64_t begin, int64_t end) {
    filters.pack(constant, begin, end, reinterpret_cast<float*>(to));
  };
  return pack(*w, std::move(task));
}

template <bool in_bf16>
void run_channels_last(const ConvLayer& op, const Operands& io, const FloatConv& conv) {
  const ConvGeometry g = channels_last_geometry(op, io);
  if (const auto* packed = io.packed<PackedBytes>(); packed != nullptr) {
    const ChannelsLastFilters filters(op, io.in(1).shape(), in_bf16);
    return convolve_channels_last(io, g, conv, filters, packed->data<float>());
  }
  convolve_channels_last(io, g, conv, ChannelsLastFilters(op, io.in(1).shape()), io.in(1));
}

template <bool in_bf16>
void run_cpu(const ConvLayer& op, const Operands& io) {
  FloatConv conv = conv_layer_operands(op, io);
  if (op.channels_last) return run_channels_last<in_bf16>(op, io, conv);
  conv.w = io.in(1).data<float>();
  const ConvGeometry g = conv_geometry(op, io.in(0).shape(), io.in(1).shape(), io.out(0).shape());
  check_bias(io, kBias, g.groups * g.filters);
  convolve_floats(io, g, conv);
}

}  // namespace

FloatConv conv_layer_operands(const ConvLayer& op, const Operands& io) {
  FloatConv conv{io.in(0).data<float>(), nullptr, io.has(kBias) ? io.in(kBias).data<float>() : nullptr,
                 io.out(0).mutable_data<float>()};
  if (io.has(kResidual)) {
    if (io.in(kResidual).shape() != io.out(0).shape()) {
      throw_error(ErrorCode::InvalidArgument, {"the residual ", io.in(kResidual), " has not the dims of ", io.out(0)});
    }
    conv.addend = io.in(kResidual).data<float>();
  }
  conv.epilogue = op.epilogue();
  conv.x_channels_first = op.x_channels_first;
  return conv;
}

ConvGeometry channels_last_geometry(const ConvLayer& op, const Operands& io) {
  const Shape &x = io.in(0).shape(), &y = io.out(0).shape();
  if (x.rank() < 3 || x.rank() > 4 || y.rank() != x.rank()) {
    throw_error(ErrorCode::InvalidArgument, {"input ", x, " and output ", y, " do not fit"});
  }
  const ConvGeometry g = conv_geometry(op, op.dims_of_x(x), io.in(1).shape(), channels_first(y));
  check_bias(io, kBias, g.groups * g.filters);
  return g;
}

MICA_OP(ConvLayer, 1, mica) {
  OpBuilder<ConvLayer> builder = op<ConvLayer>();
  conv_attributes(builder);
  layer_activation_attributes(builder);
  return builder.input("X", types::f32)
      .input("W", types::f32)
      .optional_input("B", types::f32)
      .optional_input("residual", types::f32)
      .output("Y")
      .attribute("channels_last", &ConvLayer::channels_last)
      .attribute("x_channels_first", &ConvLayer::x_channels_first)
      .may_overwrite(0, kResidual)
      .prepare<prepare>()
      .infer<infer>()
      .flops<convolution_flops<1>>()
      .cpu<run_cpu<false>>()
      .prepack<prepack<false>>()
      .cpu<run_cpu<true>>("bf16")
      .accepts<refuse_bf16>()
      .prepack<prepack<true>>();
}

}  // namespace mica
