// Add, Sub, Mul, Div, ai.onnx 1: with numpy's broadcasting from version 7 on. Integers wrap around; dividing them
// rounds towards zero, and a division by zero gives 0.
#include "kernels/elementwise/binary.h"
#include "kernels/elementwise/legacy.h"

namespace mica {
namespace {

struct Arithmetic {
  using Types = Numbers;
  static constexpr bool modular = true;
};

struct AddFunction : Arithmetic {
  static constexpr bool commutes = true;
  static constexpr BinaryLoops BinaryKernels::*vector = &BinaryKernels::add;
  static constexpr DimFunction contents = [](const Dim& a, const Dim& b) -> std::optional<Dim> { return a + b; };
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    return static_cast<T>(a + b);
  }
};

struct SubFunction : Arithmetic {
  static constexpr bool commutes = false;
  static constexpr BinaryLoops BinaryKernels::*vector = &BinaryKernels::sub;
  static constexpr DimFunction contents = [](const Dim& a, const Dim& b) -> std::optional<Dim> { return a - b; };
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    return static_cast<T>(a - b);
  }
};

struct MulFunction : Arithmetic {
  static constexpr bool commutes = true;
  static constexpr BinaryLoops BinaryKernels::*vector = &BinaryKernels::mul;
  static constexpr DimFunction contents = [](const Dim& a, const Dim& b) -> std::optional<Dim> { return a * b; };
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    return static_cast<T>(static_cast<Wrapping<T>>(a) * static_cast<Wrapping<T>>(b));
  }
};

struct DivFunction {
  using Types = Numbers;
  static constexpr bool commutes = false;
  static constexpr bool modular = false;
  static constexpr BinaryLoops BinaryKernels::*vector = &BinaryKernels::div;
  static constexpr DimFunction contents = [](const Dim& a, const Dim& b) -> std::optional<Dim> {
    return truncate_div(a, b);
  };
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      if (b == 0) return 0;
      if constexpr (std::is_signed_v<T>) {
        if (b == -1) return static_cast<T>(0 - static_cast<std::make_unsigned_t<T>>(a));  // also of the least number
      }
    }
    return static_cast<T>(a / b);
  }
};

}  // namespace

MICA_OP(Add, 7) {
  return binary<AddFunction>();
}

MICA_OP(Add, 1) {
  return legacy_binary<AddFunction>();
}

MICA_OP(Sub, 7) {
  return binary<SubFunction>();
}

MICA_OP(Sub, 1) {
  return legacy_binary<SubFunction>();
}

MICA_OP(Mul, 7) {
  return binary<MulFunction>();
}

MICA_OP(Mul, 1) {
  return legacy_binary<MulFunction>();
}

MICA_OP(Div, 7) {
  return binary<DivFunction>();
}

MICA_OP(Div, 1) {
  return legacy_binary<DivFunction>();
}

}  // namespace mica
