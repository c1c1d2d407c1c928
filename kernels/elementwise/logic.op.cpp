// And, Or, Xor, ai.onnx 1: with numpy's broadcasting from version 7 on. Not, ai.onnx 1.
#include "backends/cpu/thread_pool.h"
#include "kernels/elementwise/binary.h"
#include "kernels/elementwise/broadcast.h"
#include "kernels/elementwise/legacy.h"

namespace mica {
namespace {

struct Logic {
  using Types = ElementTypes<bool>;
  static constexpr bool commutes = true;
};

struct AndFunction : Logic {
  static constexpr DimFunction contents = decide_and;
  [[gnu::always_inline]] static bool apply(uint8_t a, uint8_t b) { return (a != 0) & (b != 0); }
};

struct OrFunction : Logic {
  static constexpr DimFunction contents = decide_or;
  [[gnu::always_inline]] static bool apply(uint8_t a, uint8_t b) { return (a | b) != 0; }
};

struct XorFunction : Logic {
  static constexpr DimFunction contents = decide_xor;
  [[gnu::always_inline]] static bool apply(uint8_t a, uint8_t b) { return (a != 0) != (b != 0); }
};

void infer_not(const NoParams&, InferContext& ctx) {
  ctx.set(0, ctx.type(0));
  auto contents = ctx.contents(0);
  if (!contents) return;
  for (Dim& truth : *contents) {
    const auto opposite = decide_not(truth);
    if (!opposite) return;
    truth = *opposite;
  }
  ctx.set_contents(0, std::move(*contents));
}

void negate(const uint8_t* x, bool* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] == 0;
}

void run_not(const NoParams&, const Operands& io) {
  const uint8_t* x = io.in(0).data<uint8_t>();
  bool* y = io.out(0).mutable_data<bool>();
  io.threads().parallel_for(io.in(0).elements(), kElementwiseGrain,
                            [&](int64_t begin, int64_t end) { negate(x + begin, y + begin, end - begin); });
}

void run_not_block(const NoParams&, const ElementBlock& block) {
  negate(block.data<uint8_t>(0), static_cast<bool*>(block.y), block.n);
}

}  // namespace

MICA_OP(And, 7) {
  return binary<AndFunction>();
}

MICA_OP(And, 1) {
  return legacy_binary<AndFunction>();
}

MICA_OP(Or, 7) {
  return binary<OrFunction>();
}

MICA_OP(Or, 1) {
  return legacy_binary<OrFunction>();
}

MICA_OP(Xor, 7) {
  return binary<XorFunction>();
}

MICA_OP(Xor, 1) {
  return legacy_binary<XorFunction>();
}

MICA_OP(Not, 1) {
  OpDef* def =
      op().input("X", types::boolean).output("Y").infer<infer_not>().may_overwrite(0, 0).elementwise().cpu<run_not>();
  return with_blocks<NoParams, run_not_block>(def, nullptr);
}

}  // namespace mica
