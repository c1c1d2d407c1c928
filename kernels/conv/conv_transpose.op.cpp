// ConvTranspose, ai.onnx 1, 11, 22: the gradient of Conv with respect to its input.
//   Y[n, m, o * stride - pad + k * dilation] += X[n, c, o] * W[c, m, k], and B[m] added once
//   output = stride * (input - 1) + output_padding + (kernel - 1) * dilation + 1 - pads, unless output_shape or
//   auto_pad SAME_* (input * stride) sets it and thereby the pads.
#include "kernels/conv/conv_transpose.h"

#include "kernels/conv/float_conv.h"
#include "kernels/wide_constant.h"
#include "kernels/wide_operands.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

int64_t at(const std::vector<int64_t>& list, size_t i, int64_t fallback) {
  return i < list.size() ? list[i] : fallback;
}

void check(ConvTranspose& op, const NodeFacts& facts) {
  check_conv(op, facts);
  for (const auto* list : {&op.output_padding, &op.output_shape}) {
    for (const int64_t value : *list) {
      if (value < 0 || value >= (int64_t{1} << 31)) {
        throw_error(ErrorCode::InvalidModel, {"output_padding or output_shape holds ", value});
      }
    }
  }
  if (op.auto_pad == AutoPad::Valid) op.pads.clear();
}

void check_length(const std::vector<int64_t>& list, std::string_view name, size_t wanted) {
  if (list.empty() || list.size() == wanted) return;
  throw_error(ErrorCode::InvalidModel, {name, " has ", list.size(), " values, the input needs ", wanted});
}

/// Extent of the output before pads are taken off.
template <class D>
D full_extent(const ConvTranspose& op, size_t i, const D& input, const D& kernel) {
  return (input - 1) * at(op.strides, i, 1) + (kernel - 1) * at(op.dilations, i, 1) + (at(op.output_padding, i, 0) + 1);
}

void infer(const ConvTranspose& op, InferContext& ctx) {
  same_dtype(ctx, 0, 1);
  same_dtype(ctx, 0, 2);
  const Dims* x = ctx.dims(0);
  const Dims* w = ctx.dims(1);
  if (x == nullptr || w == nullptr) return ctx.set(0, ctx.dtype(0));
  if (x->size() < 3 || x->size() != w->size()) {
    throw_error(ErrorCode::InvalidModel,
                {"input ", *x, " and weights ", *w, " do not have the same rank of 3 or more"});
  }
  const size_t rank = x->size() - 2;
  check_length(op.strides, "strides", rank);
  check_length(op.dilations, "dilations", rank);
  check_length(op.kernel_shape, "kernel_shape", rank);
  check_length(op.output_padding, "output_padding", rank);
  check_length(op.pads, "pads", 2 * rank);
  check_length(op.output_shape, "output_shape", rank);
  const Dim& channels = ctx.merge((*x)[1], (*w)[0], "channels of the input and of the weights");
  if (channels.is_constant() && channels.value() % op.group != 0) {
    throw_error(ErrorCode::InvalidModel, {channels, " channels do not divide into ", op.group, " groups"});
  }
  Dims dims{(*x)[0], (*w)[1] * op.group};
  for (size_t i = 0; i < rank; ++i) {
    const Dim kernel =
        op.kernel_shape.empty() ? (*w)[i + 2] : ctx.merge((*w)[i + 2], op.kernel_shape[i], "kernel dims");
    if (!op.output_shape.empty()) {
      dims.push_back(op.output_shape[i]);
    } else if (op.sized()) {
      dims.push_back((*x)[i + 2] * at(op.strides, i, 1));
    } else {
      dims.push_back(full_extent(op, i, (*x)[i + 2], kernel) - at(op.pads, i, 0) - at(op.pads, i + rank, 0));
      if (dims.back().is_constant() && dims.back().value() < 0) ctx.fail("pads are larger than the output");
    }
  }
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

// The plain loops.
void run_doubles(const ConvGeometry& g, const Operands& io) {
  const int64_t inputs = g.outputs();  // of X
  const int64_t outputs = g.inputs();  // of Y
  const int64_t taps = g.taps();
  const int64_t stride = g.axes[g.rank - 1].stride;
  const double* w = io.in(1).data<double>();
  double* y = io.out(0).mutable_data<double>();
  for (int64_t n = 0; n < g.batch; ++n) {
    for (int64_t filter = 0; filter < g.groups * g.filters; ++filter, y += outputs) {
      const int64_t group = filter / g.filters;
      std::fill_n(y, outputs, io.has(2) ? io.in(2).data<double>()[filter] : 0);
      for (int64_t c = group * g.channels; c < (group + 1) * g.channels; ++c) {
        const double* x = io.in(0).data<double>() + (n * g.groups * g.channels + c) * inputs;
        const double* weight = w + (c * g.filters + filter % g.filters) * taps;
        SpatialIndex k{};
        do {
          const double factor = *weight++;
          for_each_output_run(g, k, [&](int64_t position, int64_t offset, int64_t count) {
            for (int64_t i = 0; i < count; ++i) y[offset + i * stride] += x[position + i] * factor;
          });
        } while (next_position(k, g, g.rank, &WindowAxis::kernel));
      }
    }
  }
}

std::shared_ptr<const PackedBytes> prepack(const ConvTranspose&, const ConstantOperands& constants) {
  return pack_widened(constants.in(1));
}

void run_cpu(const ConvTranspose& op, const Operands& io) {
  const ConvGeometry g = transposed_geometry(op, io.in(0).shape(), io.in(1).shape(), io.out(0).shape());
  check_bias(io, 2, g.groups * g.filters);
  if (g.taps() == 0) throw_error(ErrorCode::InvalidArgument, {"weights ", io.in(1).shape(), " are empty"});
  if (io.in(0).dtype() == DType::F64) return run_doubles(g, io);
  const WideOutput<float> y(io, io.out(0));
  const auto* packed = io.packed<PackedBytes>();
  const float* w = packed != nullptr ? packed->data<float>() : widen<float>(io, io.in(1));
  convolve_transposed_floats(io, g, {widen<float>(io, io.in(0)), w, widen_optional<float>(io, 2), y.data()});
  y.store();
}

OpBuilder<ConvTranspose> conv_transpose(DTypeSet types) {
  OpBuilder<ConvTranspose> builder = op<ConvTranspose>();
  conv_attributes(builder);
  return builder.attribute("output_padding", &ConvTranspose::output_padding)
      .attribute("output_shape", &ConvTranspose::output_shape)
      .input("X", types)
      .input("W", types)
      .optional_input("B", types)
      .output("Y")
      .prepare<check>()
      .infer<infer>()
      .flops<transposed_convolution_flops>()
      .cpu<run_cpu>()
      .prepack<prepack>();
}

}  // namespace

ConvGeometry transposed_geometry(const ConvTranspose& op, const Shape& x, const Shape& w, const Shape& y) {
  if (w.rank() < 3 || x.rank() != w.rank() || y.rank() != w.rank() || x[1] != w[0] || x[0] != y[0] ||
      x[1] % op.group != 0 || y[1] / op.group != w[1] || y[1] % op.group != 0) {
    bad_input(concat(
        {"input ", x.str(), ", weights ", w.str(), " and output ", y.str(), " do not fit in ", op.group, " groups"}));
  }
  ConvGeometry g;
  g.rank = w.rank() - 2;
  g.batch = x[0];
  g.groups = op.group;
  g.channels = x[1] / op.group;
  g.filters = w[1];
  for (size_t i = 0; i < g.rank; ++i) {
    WindowAxis& axis = g.axes[i];
    axis = {y[i + 2], x[i + 2], w[i + 2], at(op.strides, i, 1), at(op.dilations, i, 1), at(op.pads, i, 0), 0};
    if (!op.sized()) continue;
    const int64_t total = std::max<int64_t>(full_extent(op, i, axis.output, axis.kernel) - axis.input, 0);
    axis.pad = op.auto_pad == AutoPad::SameUpper ? total / 2 : total - total / 2;
  }
  return g;
}

MICA_OP(ConvTranspose, 22) {
  return conv_transpose(types::floats);
}

MICA_OP(ConvTranspose, 1) {
  return conv_transpose(types::floats - DTypeSet{DType::BF16});
}

}  // namespace mica
