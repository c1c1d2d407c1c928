// Gelu, ai.onnx 20 and com.microsoft 1:  x (1 + erf(x / sqrt 2)) / 2
//   `approximate` = "tanh":              x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
// com.microsoft 1, with a bias along the last axis:
//   BiasGelu                             the first of A + B
//   FastGelu                             the second of X + bias, or of X
//   QuickGelu                            x sigmoid(alpha x), without a bias
#include "kernels/activation/gelu.h"

#include "kernels/activation/functions.h"
#include "kernels/math/map.h"
#include "kernels/math/unary.h"
#include "kernels/wide_operands.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

constexpr Unary kExact{&UnaryKernels::gelu, activation::gelu};
constexpr Unary kTanh{&UnaryKernels::gelu_tanh, activation::gelu_tanh};

void prepare(Gelu& op, const NodeFacts&) {
  if (op.approximate != "none" && op.approximate != "tanh") {
    throw_error(ErrorCode::InvalidModel, {"approximate \"", op.approximate, "\" is not none or tanh"});
  }
  op.function = op.approximate == "tanh" ? kTanh : kExact;
}

void run_gelu(const Gelu& op, const Operands& io) {
  run_unary(op.function, io);
}

void run_gelu_block(const Gelu& op, const ElementBlock& block) {
  run_unary_block(op.function, block);
}

void infer_biased(const Unary&, InferContext& ctx) {
  same_dtype(ctx, 0, 1);
  ctx.set(0, ctx.type(0));
  const Dims* dims = ctx.dims(0);
  const Dims* bias = ctx.dims(1);
  if (dims == nullptr || bias == nullptr) return;
  if (dims->empty() || bias->size() != 1)
    throw_error(ErrorCode::InvalidModel, {"a bias of ", *bias, " does not fit ", *dims});
  Dims result = *dims;
  result.back() = ctx.merge(result.back(), bias->front(), "lengths of the last axis and of the bias");
  ctx.set(0, ctx.dtype(0), std::move(result));
}

void run_biased(const Unary& op, const Operands& io) {
  if (!io.has(1)) return run_unary(op, io);
  const Tensor& x = io.in(0);
  const int64_t width = io.in(1).elements();
  if (x.shape().rank() == 0 || x.shape().back() != width)
    throw_error(ErrorCode::InvalidArgument, {"bias ", io.in(1), " does not fit ", x});
  const UnaryLoop loop = unary_kernels().*op.loop;
  visit_wide(x.dtype(), [&]<class T>() {
    const T* bias = widen<T>(io, io.in(1));
    // Sums of part of a row are made where their results go.
    const auto sums = [&](const float* from, float* to, int64_t first, int64_t n) {
      for (int64_t i = 0; i < n;) {
        const int64_t column = (first + i) % width;
        const int64_t count = std::min({n - i, width - column, int64_t{2048}});
        for (int64_t j = 0; j < count; ++j) to[i + j] = from[i + j] + static_cast<float>(bias[column + j]);
        loop(to + i, to + i, count);
        i += count;
      }
    };
    map_floats(io.threads(), x, io.out(0), sums,
               [&](double v, int64_t i) { return op.wide(v + static_cast<double>(bias[i % width])); });
  });
}

OpBuilder<Unary> biased(const Unary& function) {
  return op(function).infer<infer_biased>().may_overwrite(0, 0).cpu<run_biased>();
}

}  // namespace

MICA_OP(Gelu, 20) {
  OpDef* def =
      elementwise(Gelu{"none", kExact}).attribute("approximate", &Gelu::approximate).prepare<prepare>().cpu<run_gelu>();
  return with_blocks<Gelu, run_gelu_block>(def, takes_floats_in_blocks);
}
MICA_OP(Gelu, 1, com_microsoft) {
  return unary(kExact.loop, kExact.wide);
}
MICA_OP(BiasGelu, 1, com_microsoft) {
  return biased(kExact).input("A", types::floats).input("B", types::floats).output("C");
}
MICA_OP(FastGelu, 1, com_microsoft) {
  return biased(kTanh).input("X", types::floats).optional_input("bias", types::floats).output("Y");
}
MICA_OP(QuickGelu, 1, com_microsoft) {
  return in_blocks(
      parametric({&UnaryKernels::swish, activation::swish, 1.702f}).attribute("alpha", &Parametric::alpha));
}

}  // namespace mica
