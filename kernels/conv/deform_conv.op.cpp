// DeformConv, ai.onnx 19, 22 (https://arxiv.org/abs/1811.11168): a convolution whose taps are moved by offsets and
// scaled by a mask; between elements X is interpolated linearly along each axis, outside it is zero.
//   Y[n, m, o] = B[m] + sum over c, k of W[m, c, k] * mask[n, k, o] * X[n, c, o * stride - pad + k * dilation + offset]
#include <cmath>

#include "kernels/conv/conv.h"
#include "kernels/flop_rules.h"
#include "kernels/wide_operands.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

struct DeformConv : ConvParams {
  int64_t offset_group = 1;
};

void check(DeformConv& op, const NodeFacts& facts) {
  check_conv(op, facts);
  if (op.offset_group < 1) throw_error(ErrorCode::InvalidModel, {"offset_group is ", op.offset_group});
}

void infer(const DeformConv& op, InferContext& ctx) {
  for (size_t i = 1; i < 5; ++i) same_dtype(ctx, 0, i);
  ctx.set(0, ctx.dtype(0), conv_output_dims(op, ctx, 0, 1, 3));
}

/// X between its elements; zero outside.
template <class T>
[[gnu::always_inline]] inline T sample(const WindowGeometry& g, const T* plane,
                                       const std::array<T, kMaxSpatial>& place) {
  SpatialIndex low{};
  std::array<T, kMaxSpatial> part{};
  for (size_t i = 0; i < g.rank; ++i) {
    if (!(place[i] > -1 && place[i] < static_cast<T>(g.axes[i].input))) return 0;
    low[i] = static_cast<int64_t>(std::floor(place[i]));
    part[i] = place[i] - static_cast<T>(low[i]);
  }
  T sum = 0;
  for (uint32_t corner = 0; corner < (1u << g.rank); ++corner) {
    int64_t offset = 0;
    T weight = 1;
    for (size_t i = 0; i < g.rank; ++i) {
      const bool high = ((corner >> i) & 1u) != 0;
      const int64_t at = low[i] + (high ? 1 : 0);
      if (at < 0 || at >= g.axes[i].input) weight = 0;
      weight *= high ? part[i] : 1 - part[i];
      offset = offset * g.axes[i].input + at;
    }
    if (weight != 0) sum += weight * plane[offset];
  }
  return sum;
}

template <class T>
void run(const DeformConv& op, const ConvGeometry& g, const Operands& io) {
  const int64_t inputs = g.inputs();
  const int64_t outputs = g.outputs();
  const int64_t taps = g.taps();
  const int64_t rank = static_cast<int64_t>(g.rank);
  const int64_t channels = g.groups * g.channels;
  const T* x = widen<T>(io, io.in(0));
  const T* weights = widen<T>(io, io.in(1));
  const T* offsets = widen<T>(io, io.in(2));
  const T* bias = widen_optional<T>(io, 3);
  const T* mask = widen_optional<T>(io, 4);
  const WideOutput<T> out(io, io.out(0));
  T* sums = io.scratch<T>(g.filters);
  for (int64_t n = 0; n < g.batch; ++n) {
    for (int64_t group = 0; group < g.groups; ++group) {
      SpatialIndex at{};
      for (int64_t o = 0; o < outputs; ++o, next_position(at, g, g.rank, &WindowAxis::output)) {
        for (int64_t m = 0; m < g.filters; ++m) sums[m] = bias ? bias[group * g.filters + m] : 0;
        for (int64_t c = 0; c < g.channels; ++c) {
          const int64_t channel = group * g.channels + c;
          const int64_t shifts = n * op.offset_group + channel / (channels / op.offset_group);
          SpatialIndex k{};
          for (int64_t tap = 0; tap < taps; ++tap, next_position(k, g, g.rank, &WindowAxis::kernel)) {
            std::array<T, kMaxSpatial> place{};
            for (int64_t i = 0; i < rank; ++i) {
              const WindowAxis& axis = g.axes[static_cast<size_t>(i)];
              const int64_t from = axis.start(at[static_cast<size_t>(i)]) + k[static_cast<size_t>(i)] * axis.dilation;
              place[static_cast<size_t>(i)] =
                  static_cast<T>(from) + offsets[((shifts * taps + tap) * rank + i) * outputs + o];
            }
            T value = sample(g, x + (n * channels + channel) * inputs, place);
            if (mask != nullptr) value *= mask[(shifts * taps + tap) * outputs + o];
            const T* w = weights + (group * g.filters * g.channels + c) * taps + tap;
            for (int64_t m = 0; m < g.filters; ++m) sums[m] += value * w[m * g.channels * taps];
          }
        }
        T* y = out.data() + (n * g.groups + group) * g.filters * outputs + o;
        for (int64_t m = 0; m < g.filters; ++m) y[m * outputs] = sums[m];
      }
    }
  }
  out.store();
}

void run_cpu(const DeformConv& op, const Operands& io) {
  const ConvGeometry g = conv_geometry(op, io.in(0).shape(), io.in(1).shape(), io.out(0).shape());
  check_bias(io, 3, g.groups * g.filters);
  const int64_t channels = g.groups * g.channels;
  if (channels % op.offset_group != 0) {
    throw_error(ErrorCode::InvalidArgument,
                {channels, " channels do not divide into ", op.offset_group, " offset groups"});
  }
  const int64_t places = g.batch * op.offset_group * g.taps() * g.outputs();
  if (io.in(2).elements() != places * static_cast<int64_t>(g.rank))
    throw_error(ErrorCode::InvalidArgument, {"offset ", io.in(2).shape(), " does not fit"});
  if (io.has(4) && io.in(4).elements() != places)
    throw_error(ErrorCode::InvalidArgument, {"mask ", io.in(4).shape(), " does not fit"});
  if (channels == 0 || g.outputs() == 0) {
    throw_error(ErrorCode::InvalidArgument, {"an empty input ", io.in(0).shape()});
  }
  visit_wide(io.in(0).dtype(), [&]<class T>() { run<T>(op, g, io); });
}

OpBuilder<DeformConv> deform_conv(DTypeSet types) {
  return op<DeformConv>()
      .attribute("dilations", &Window::dilations)
      .attribute("group", &ConvParams::group)
      .attribute("kernel_shape", &Window::kernel_shape)
      .attribute("offset_group", &DeformConv::offset_group)
      .attribute("pads", &Window::pads)
      .attribute("strides", &Window::strides)
      .input("X", types)
      .input("W", types)
      .input("offset", types)
      .optional_input("B", types)
      .optional_input("mask", types)
      .output("Y")
      .prepare<check>()
      .infer<infer>()
      .flops<convolution_flops<1>>()
      .cpu<run_cpu>();
}

}  // namespace

MICA_OP(DeformConv, 22) {
  return deform_conv(types::floats);
}

MICA_OP(DeformConv, 19) {
  return deform_conv(types::floats - DTypeSet{DType::BF16});
}

}  // namespace mica
