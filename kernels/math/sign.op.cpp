// Abs and Neg, ai.onnx 1, and Sign, ai.onnx 9: 1, 0 or -1. The least integer is its own absolute value and its own
// negative.
#include <cmath>

#include "kernels/elementwise/contents.h"
#include "kernels/math/map.h"
#include "kernels/math/unary.h"

namespace mica {
namespace {

// One of the functions on floats, on integers, and on an element that is known as an expression.
struct Abs {
  static constexpr Unary kFloats{&UnaryKernels::abs, [](double x) { return std::fabs(x); }};
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    return x < T{0} ? static_cast<T>(uint64_t{0} - static_cast<uint64_t>(x)) : x;
  }
  static std::optional<Dim> known(const Dim& x) {
    return x.lower_bound().value_or(-1) >= 0 ? std::optional<Dim>(x) : std::nullopt;
  }
};

struct Neg {
  static constexpr Unary kFloats{&UnaryKernels::neg, [](double x) { return -x; }};
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    return static_cast<T>(uint64_t{0} - static_cast<uint64_t>(x));
  }
  static std::optional<Dim> known(const Dim& x) { return -x; }
};

struct Sign {
  static constexpr Unary kFloats{&UnaryKernels::sign, [](double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; }};
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    return static_cast<T>((x > T{0} ? 1 : 0) - (x < T{0} ? 1 : 0));
  }
  static std::optional<Dim> known(const Dim& x) {
    return x.lower_bound().value_or(0) > 0 ? std::optional<Dim>(1) : std::nullopt;
  }
};

template <class F>
void infer(const Unary&, InferContext& ctx) {
  ctx.set(0, ctx.type(0));
  const auto contents = ctx.contents(0);
  if (!contents) return;
  std::optional<Dims> result(std::in_place);
  for (const Dim& x : *contents) {
    const auto y = x.is_constant() ? std::optional<Dim>(F::apply(x.value())) : F::known(x);
    if (!y) return;
    result->push_back(*y);
  }
  result = fitting(std::move(result), ctx.dtype(0));
  if (result) ctx.set_contents(0, std::move(*result));
}

template <class F>
void run_cpu(const Unary& op, const Operands& io) {
  const bool integers = map_integers<int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t>(
      io.threads(), io.in(0), io.out(0), [](auto x) __attribute__((always_inline)) { return F::apply(x); });
  if (!integers) run_unary(op, io);
}

template <class F>
OpDef* on_numbers(DTypeSet types) {
  return in_blocks(elementwise(F::kFloats, types).template infer<infer<F>>().template cpu<run_cpu<F>>());
}

}  // namespace

MICA_OP(Abs, 1) {
  return on_numbers<Abs>(types::numeric);
}
MICA_OP(Neg, 1) {
  return on_numbers<Neg>(types::floats | types::signed_ints);
}
MICA_OP(Sign, 9) {
  return on_numbers<Sign>(types::numeric);
}

}  // namespace mica
