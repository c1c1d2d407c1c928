// PRelu, ai.onnx 1: x < 0 ? slope x : x, where the slope broadcasts into X; before version 7 it is one number, or one
// for each channel.
#include "kernels/elementwise/binary.h"
#include "kernels/elementwise/legacy.h"

namespace mica {
namespace {

struct PReluFunction {
  using Types = Numbers;
  static constexpr bool commutes = false;
  static constexpr bool modular = false;
  static constexpr BinaryLoops BinaryKernels::*vector = &BinaryKernels::prelu;
  template <class T>
  [[gnu::always_inline]] static T apply(T x, T slope) {
    return x < 0 ? static_cast<T>(static_cast<Wrapping<T>>(x) * static_cast<Wrapping<T>>(slope)) : x;
  }
};

void infer(const NoParams&, InferContext& ctx) {
  same_dtype(ctx, 0, 1);
  ctx.set(0, ctx.type(0));
}

void run(const Operands& io, const Shape& slope_shape) {
  run_binary(io, binary_kernel<PReluFunction>(io.in(0).dtype()), slope_shape);
}

void run_cpu(const NoParams&, const Operands& io) {
  run(io, io.in(1).shape());
}

void run_per_channel(const NoParams&, const Operands& io) {
  const Shape& x = io.in(0).shape();
  const Shape& slope = io.in(1).shape();
  if (slope.elements() == 1) return run(io, {});
  run(io, x.rank() < 2 ? slope : LegacyBroadcast{.broadcast = true, .axis = 1}.aligned(x, slope));
}

OpBuilder<NoParams> prelu() {
  return binary_signature<NoParams>(types::numeric).infer<infer>();
}

}  // namespace

MICA_OP(PRelu, 7) {
  return in_blocks<PReluFunction>(prelu().elementwise().cpu<run_cpu>());
}

MICA_OP(PRelu, 1) {
  return prelu().ignored_attribute("consumed_inputs").cpu<run_per_channel>();
}

}  // namespace mica
