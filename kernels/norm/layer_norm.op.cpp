// LayerNormalization, ai.onnx 17 (and, as found in the wild, from 1 on):
//   Y = (X - Mean) * InvStdDev * Scale + B,  InvStdDev = 1 / sqrt(variance + epsilon), over the axes from `axis` on
// RMSNormalization, ai.onnx 23, and SimplifiedLayerNormalization, ONNX Runtime's earlier name of it:
//   Y = X * InvStdDev * scale,               InvStdDev = 1 / sqrt(mean(X^2) + epsilon)
// `stash_type` names the type to compute in, and of Mean and InvStdDev; Mica computes in float at least.
#include "kernels/norm/layer_norm.h"

#include "runtime/base/concat.h"

namespace mica {
namespace {

void infer(const LayerNorm& op, InferContext& ctx) {
  ctx.set(0, ctx.type(0));
  if (!is_float(op.stash_type))
    throw_error(ErrorCode::InvalidModel, {"stash_type ", name(op.stash_type), " is not a float"});
  std::optional<Dims> row_dims;
  if (const Dims* dims = ctx.dims(0)) {
    row_dims = *dims;
    for (size_t i = ctx.axis(op.axis, dims->size()); i < dims->size(); ++i) (*row_dims)[i] = 1;
  }
  for (size_t i = 1; i < ctx.outputs(); ++i) ctx.set(i, op.stash_type, row_dims);
}

void run_cpu(const LayerNorm& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const auto [count, width] = x.shape().split_at(op.axis);
  const size_t deviation = op.rms ? 1 : 2;
  visit_dtype<float, double, Half, BFloat16>(x.dtype(), [&, count = count, width = width]<class T>() {
    using W = Wide<T>;
    const auto scale = row_operand<W>(io, 1, x.shape(), width);
    const auto bias = row_operand<W>(io, 2, x.shape(), width);
    NormRows<Stored<T>, W> rows{};
    rows.x = stored(x.data<T>());
    rows.y = stored(io.out(0).mutable_data<T>());
    rows.width = width;
    rows.rms = op.rms;
    rows.epsilon = op.epsilon;
    rows.scale = scale.data;
    rows.scale_row = scale.row;
    rows.bias = bias.data;
    rows.bias_row = bias.row;
    std::optional<WideOutput<W>> mean, inverse_deviation;
    if (!op.rms && io.wants(1)) rows.mean = mean.emplace(io, io.out(1)).data();
    if (io.wants(deviation)) rows.inverse_deviation = inverse_deviation.emplace(io, io.out(deviation)).data();
    normalize_rows<T>(io, rows, count);
    if (mean) mean->store();
    if (inverse_deviation) inverse_deviation->store();
  });
}

OpBuilder<LayerNorm> norm(bool rms) {
  return op(LayerNorm{.rms = rms})
      .attribute("axis", &LayerNorm::axis)
      .attribute("epsilon", &LayerNorm::epsilon)
      .attribute("stash_type", &LayerNorm::stash_type)
      .infer<infer>()
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

OpBuilder<LayerNorm> simplified() {
  return norm(true).input("X", types::floats).input("scale", types::floats).output("Y").optional_output("InvStdDev");
}

}  // namespace

MICA_OP(LayerNormalization, 1) {
  return norm(false)
      .input("X", types::floats)
      .input("Scale", types::floats)
      .optional_input("B", types::floats)
      .output("Y")
      .optional_output("Mean")
      .optional_output("InvStdDev");
}

MICA_OP(RMSNormalization, 23) {
  return norm(true).input("X", types::floats).input("scale", types::floats).output("Y");
}

MICA_OP(SimplifiedLayerNormalization, 1) {
  return simplified();
}

MICA_OP(SimplifiedLayerNormalization, 1, com_microsoft) {
  return simplified();
}

}  // namespace mica
