#include "kernels/conv/conv.h"

#include "runtime/base/concat.h"

namespace mica {

void check_conv(ConvParams& params, const NodeFacts& facts) {
  check_window(params, facts);
  if (params.group < 1) throw_error(ErrorCode::InvalidModel, {"group is ", params.group});
}

std::optional<Dims> conv_output_dims(const ConvParams& params, const InferContext& ctx, size_t x, size_t w,
                                     size_t bias) {
  const Dims* input = ctx.dims(x);
  return input == nullptr ? std::nullopt : conv_output_dims(params, ctx, *input, w, bias);
}

std::optional<Dims> conv_output_dims(const ConvParams& params, const InferContext& ctx, const Dims& x, size_t w,
                                     size_t bias) {
  const Dims* weights = ctx.dims(w);
  if (weights == nullptr) return std::nullopt;
  if (x.size() < 3 || x.size() != weights->size()) {
    throw_error(ErrorCode::InvalidModel,
                {"input ", x, " and weights ", *weights, " do not have the same rank of 3 or more"});
  }
  ctx.merge(x[1], (*weights)[1] * params.group, "channels of the input and of the weights (times group)");
  const Dim& filters = (*weights)[0];
  if (filters.is_constant() && filters.value() % params.group != 0) {
    throw_error(ErrorCode::InvalidModel, {filters, " filters do not divide into ", params.group, " groups"});
  }
  Dims kernel(weights->begin() + 2, weights->end());
  for (size_t i = 0; i < params.kernel_shape.size(); ++i) {
    if (params.kernel_shape.size() != kernel.size()) ctx.fail("kernel_shape does not have the rank of the weights");
    kernel[i] = ctx.merge(kernel[i], params.kernel_shape[i], "dims of the weights and of kernel_shape");
  }
  if (ctx.has(bias) && ctx.dims(bias) != nullptr) {
    const Dims& b = *ctx.dims(bias);
    if (b.size() != 1) throw_error(ErrorCode::InvalidModel, {"the bias has dims ", b, ", not one"});
    ctx.merge(filters, b[0], "numbers of filters and of bias elements");
  }
  Dims result{x[0], filters};
  for (Dim& dim : window_output_dims(params, ctx, std::span(x).subspan(2), kernel)) {
    result.push_back(std::move(dim));
  }
  return result;
}

Dim transposed_convolution_flops(const OperandDims& dims) {
  const Dims& w = *dims.inputs[1];
  return w.empty() ? Dim(0) : Dim(2) * product(*dims.inputs[0]) * product(Dims(w.begin() + 1, w.end()));
}

ConvGeometry conv_geometry(const ConvParams& params, const Shape& x, const Shape& w, const Shape& y) {
  if (w.rank() < 3) throw_error(ErrorCode::InvalidArgument, {"weights have rank ", w.rank()});
  ConvGeometry g;
  static_cast<WindowGeometry&>(g) = window_geometry(params, x, w.dims().subspan(2), y);
  g.groups = params.group;
  g.batch = x[0];
  g.channels = w[1];
  g.filters = w[0] / g.groups;
  if (w[1] > x[1] || x[1] != w[1] * g.groups || w[0] % g.groups != 0 || y[0] != x[0] || y[1] != w[0]) {
    bad_input(concat(
        {"input ", x.str(), ", weights ", w.str(), " and output ", y.str(), " do not fit in ", g.groups, " groups"}));
  }
  return g;
}

ConvGeometry squeezed(ConvGeometry g) {
  const auto is_one = [](const WindowAxis& axis) {
    return axis.input == 1 && axis.output == 1 && axis.kernel == 1 && axis.pad == 0;
  };
  while (g.rank > 1 && is_one(g.axes[g.rank - 1])) --g.rank;
  return g;
}

void check_bias(const Operands& io, size_t bias, int64_t filters) {
  if (io.has(bias) && io.in(bias).elements() != filters) {
    throw_error(ErrorCode::InvalidArgument,
                {"the bias has ", io.in(bias).elements(), " elements for ", filters, " filters"});
  }
}

}  // namespace mica
