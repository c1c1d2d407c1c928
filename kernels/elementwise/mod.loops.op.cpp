// Mod, ai.onnx 10: the remainder of A / B, with the sign of B as in Python, or with `fmod` that of A as in C. By zero
// it is 0 for integers, NaN for floats.
#include <cmath>

#include "kernels/elementwise/binary.h"
#include "kernels/elementwise/integer_ops.h"

namespace mica {
namespace {

template <class T>
[[gnu::always_inline]] inline T remainder(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::fmod(a, b);
  } else {
    // The remainder of the least number by -1 overflows on most processors.
    return b == 0 || (std::is_signed_v<T> && b == static_cast<T>(-1)) ? T{0} : static_cast<T>(a % b);
  }
}

struct ModFunction {
  using Types = ElementTypes<float, double, int64_t, int32_t, uint8_t, int8_t, uint16_t, int16_t, uint32_t, uint64_t>;
  static constexpr bool commutes = false;
  static constexpr bool modular = false;
};

struct SignOfA : ModFunction {
  static constexpr DimFunction contents = [](const Dim& a, const Dim& b) -> std::optional<Dim> {
    return a - truncate_div(a, b) * b;
  };
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    return remainder(a, b);
  }
};

struct SignOfB : ModFunction {
  static constexpr DimFunction contents = [](const Dim& a, const Dim& b) -> std::optional<Dim> { return modulo(a, b); };
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    const T r = remainder(a, b);
    if (r != 0) return (r < 0) != (b < 0) ? static_cast<T>(r + b) : r;
    if constexpr (std::is_floating_point_v<T>) return std::copysign(r, b);
    return r;
  }
};

void infer(const Mod& op, InferContext& ctx) {
  infer_binary(ctx, ctx.dtype(0), op.fmod ? SignOfA::contents : SignOfB::contents);
}

void run_cpu(const Mod& op, const Operands& io) {
  const DType dtype = io.in(0).dtype();
  BinaryKernel kernel = op.fmod ? binary_kernel<SignOfA>(dtype) : binary_kernel<SignOfB>(dtype);
  kernel.cost = 8;
  run_binary(io, kernel);
}

}  // namespace

MICA_OP(Mod, 10) {
  return binary_signature<Mod>(types::numeric).attribute("fmod", &Mod::fmod).infer<infer>().cpu<run_cpu>();
}

}  // namespace mica
