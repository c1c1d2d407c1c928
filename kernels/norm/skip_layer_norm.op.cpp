// SkipLayerNormalization, com.microsoft 1:            output = layer_norm(input + skip + bias) * gamma + beta
// SkipSimplifiedLayerNormalization, com.microsoft 1:  output = rms_norm(input + skip + bias) * gamma
// over the last axis. skip broadcasts along leading axes. Output 3 is the sum that is normalised.
#include "kernels/norm/layer_norm.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

void infer(const SkipLayerNorm&, InferContext& ctx) {
  for (size_t i = 1; i < ctx.inputs(); ++i) same_dtype(ctx, 0, i);
  const Dims* dims = ctx.dims(0);
  ctx.set(0, ctx.type(0));
  ctx.set(3, ctx.type(0));
  std::optional<Dims> row_dims;
  if (dims != nullptr) {
    if (dims->empty()) ctx.fail("input is a scalar");
    row_dims = *dims;
    row_dims->back() = 1;
  }
  ctx.set(1, DType::F32, row_dims);
  ctx.set(2, DType::F32, row_dims);
}

void run_cpu(const SkipLayerNorm& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const Tensor& skip = io.in(1);
  if (x.shape().rank() == 0) bad_input("input is a scalar");
  const auto [count, width] = x.shape().split_at(-1);
  const size_t beta = 3, bias = op.rms ? 3 : 4;
  const int64_t skip_rows = skip.shape().rank() > 0 ? skip.shape().split_at(-1).rows : 0;
  if (skip_rows == 0 ? count != 0 : count % skip_rows != 0 || skip.shape().back() != width) {
    throw_error(ErrorCode::InvalidArgument, {"skip ", skip, " does not fit input ", x});
  }
  for (const size_t i : {size_t{2}, beta, bias}) {
    if (io.has(i) && io.in(i).elements() != width) {
      throw_error(ErrorCode::InvalidArgument, {"gamma, beta or bias ", io.in(i), " does not fit input ", x});
    }
  }
  visit_dtype<float, double, Half, BFloat16>(x.dtype(), [&, count = count, width = width]<class T>() {
    using W = Wide<T>;
    NormRows<Stored<T>, W> rows{};
    rows.x = stored(x.data<T>());
    rows.y = stored(io.out(0).mutable_data<T>());
    rows.width = width;
    rows.rms = op.rms;
    rows.epsilon = op.epsilon;
    rows.scale = widen<W>(io, io.in(2));
    rows.bias = op.rms ? nullptr : widen_optional<W>(io, beta);
    rows.skip = stored(skip.data<T>());
    rows.skip_rows = skip_rows;
    rows.skip_bias = widen_optional<W>(io, bias);
    std::optional<WideOutput<W>> mean, inverse_deviation;
    if (io.wants(3)) rows.sum = stored(io.out(3).mutable_data<T>());
    if (io.wants(1)) rows.mean = mean.emplace(io, io.out(1)).data();
    if (io.wants(2)) rows.inverse_deviation = inverse_deviation.emplace(io, io.out(2)).data();
    normalize_rows<T>(io, rows, count);
    if (mean) mean->store();
    if (inverse_deviation) inverse_deviation->store();
  });
}

OpBuilder<SkipLayerNorm> skip_norm(bool rms) {
  auto def = op(SkipLayerNorm{.rms = rms});
  def.input("input", types::floats).input("skip", types::floats).input("gamma", types::floats);
  if (!rms) def.optional_input("beta", types::floats);
  return def.optional_input("bias", types::floats)
      .output("output")
      .optional_output("mean")
      .optional_output("inv_std_var")
      .optional_output("input_skip_bias_sum")
      .attribute("epsilon", &SkipLayerNorm::epsilon)
      .infer<infer>()
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

}  // namespace

MICA_OP(SkipLayerNormalization, 1, com_microsoft) {
  return skip_norm(false);
}

MICA_OP(SkipSimplifiedLayerNormalization, 1, com_microsoft) {
  return skip_norm(true);
}

}  // namespace mica
