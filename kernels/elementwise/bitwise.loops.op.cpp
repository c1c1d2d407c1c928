// BitShift, ai.onnx 11: a shift by the width of the type or more gives 0. BitwiseAnd, BitwiseOr, BitwiseXor,
// BitwiseNot, ai.onnx 18.
#include "backends/cpu/thread_pool.h"
#include "kernels/elementwise/binary.h"
#include "kernels/elementwise/broadcast.h"
#include "kernels/elementwise/integer_ops.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

struct Bitwise {
  using Types = Integers;
  static constexpr bool commutes = true;
  static constexpr bool modular = true;
  static constexpr DimFunction contents = nullptr;
};

struct BitwiseAndFunction : Bitwise {
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    return static_cast<T>(a & b);
  }
};

struct BitwiseOrFunction : Bitwise {
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    return static_cast<T>(a | b);
  }
};

struct BitwiseXorFunction : Bitwise {
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    return static_cast<T>(a ^ b);
  }
};

struct Shift {
  using Types = ElementTypes<uint8_t, uint16_t, uint32_t, uint64_t>;
  static constexpr bool commutes = false;
  static constexpr bool modular = false;
};

struct LeftShift : Shift {
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    return b < 8 * sizeof(T) ? static_cast<T>(uint64_t{a} << b) : T{0};
  }
};

struct RightShift : Shift {
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    return b < 8 * sizeof(T) ? static_cast<T>(a >> b) : T{0};
  }
};

void prepare(BitShift& op, const NodeFacts&) {
  op.left = op.direction == "LEFT";
  if (!op.left && op.direction != "RIGHT") {
    throw_error(ErrorCode::InvalidModel, {"attribute \"direction\" is \"", op.direction, "\", not LEFT or RIGHT"});
  }
}

void infer_shift(const BitShift&, InferContext& ctx) {
  infer_binary(ctx, ctx.dtype(0), nullptr);
}

void run_shift(const BitShift& op, const Operands& io) {
  const DType dtype = io.in(0).dtype();
  run_binary(io, op.left ? binary_kernel<LeftShift>(dtype) : binary_kernel<RightShift>(dtype));
}

void run_not(const NoParams&, const Operands& io) {
  const uint8_t* x = io.in(0).data<uint8_t>();
  uint8_t* y = io.out(0).mutable_data<uint8_t>();
  const int64_t bytes = static_cast<int64_t>(io.in(0).bytes());
  io.threads().parallel_for(bytes, kElementwiseGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = static_cast<uint8_t>(~x[i]);
  });
}

}  // namespace

MICA_OP(BitShift, 11) {
  return binary_signature<BitShift>(Shift::Types::set)
      .required("direction", &BitShift::direction)
      .prepare<prepare>()
      .infer<infer_shift>()
      .cpu<run_shift>();
}

MICA_OP(BitwiseAnd, 18) {
  return binary<BitwiseAndFunction>();
}

MICA_OP(BitwiseOr, 18) {
  return binary<BitwiseOrFunction>();
}

MICA_OP(BitwiseXor, 18) {
  return binary<BitwiseXorFunction>();
}

MICA_OP(BitwiseNot, 18) {
  return op().input("X", types::ints).output("Y").infer(same_as()).may_overwrite(0, 0).cpu<run_not>();
}

}  // namespace mica
