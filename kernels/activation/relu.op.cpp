// Relu, ai.onnx 1: max(x, 0); of signed integers too since version 14.
#include "kernels/activation/functions.h"
#include "kernels/math/map.h"
#include "kernels/math/unary.h"

namespace mica {
namespace {

constexpr Unary kRelu{&UnaryKernels::relu, activation::relu};

void run_cpu(const Unary& op, const Operands& io) {
  const auto relu = []<class T>(T x) { return x < T{0} ? T{0} : x; };
  if (!map_integers<int8_t, int16_t, int32_t, int64_t>(io.threads(), io.in(0), io.out(0), relu)) run_unary(op, io);
}

void infer(const Unary&, InferContext& ctx) {
  ctx.set(0, ctx.type(0));
  auto contents = ctx.contents(0);
  if (!contents) return;
  for (Dim& element : *contents) element = max(element, 0);
  ctx.set_contents(0, std::move(*contents));
}

}  // namespace

MICA_OP(Relu, 14) {
  return in_blocks(elementwise(kRelu, types::floats | types::signed_ints).infer<infer>().cpu<run_cpu>());
}
MICA_OP(Relu, 1) {
  return unary(kRelu.loop, kRelu.wide);
}

}  // namespace mica
