// Equal, Less, LessOrEqual, Greater, GreaterOrEqual, ai.onnx 1: with numpy's broadcasting from version 7 on. A NaN is
// equal to nothing, and neither less nor greater.
#include <string>

#include "kernels/elementwise/binary.h"
#include "kernels/elementwise/legacy.h"

namespace mica {
namespace {

struct EqualFunction {
  using Types =
      ElementTypes<double, int64_t, int32_t, uint8_t, int8_t, uint16_t, int16_t, uint32_t, uint64_t, bool, std::string>;
  static constexpr bool commutes = true;
  static constexpr bool modular = true;
  static constexpr BinaryLoops BinaryKernels::*vector = &BinaryKernels::equal;
  static constexpr DimFunction contents = decide_equal;
  template <class T>
  [[gnu::always_inline]] static bool apply(const T& a, const T& b) {
    return a == b;
  }
};

struct Ordering {
  using Types = Numbers;
  static constexpr bool commutes = false;
  static constexpr bool modular = false;
};

struct LessFunction : Ordering {
  static constexpr BinaryLoops BinaryKernels::*vector = &BinaryKernels::less;
  static constexpr DimFunction contents = decide_less;
  template <class T>
  [[gnu::always_inline]] static bool apply(T a, T b) {
    return a < b;
  }
};

struct LessOrEqualFunction : Ordering {
  static constexpr BinaryLoops BinaryKernels::*vector = &BinaryKernels::less_equal;
  static constexpr DimFunction contents = decide_less_equal;
  template <class T>
  [[gnu::always_inline]] static bool apply(T a, T b) {
    return a <= b;
  }
};

struct GreaterFunction : Ordering {
  static constexpr BinaryLoops BinaryKernels::*vector = &BinaryKernels::greater;
  static constexpr DimFunction contents = [](const Dim& a, const Dim& b) { return decide_less(b, a); };
  template <class T>
  [[gnu::always_inline]] static bool apply(T a, T b) {
    return a > b;
  }
};

struct GreaterOrEqualFunction : Ordering {
  static constexpr BinaryLoops BinaryKernels::*vector = &BinaryKernels::greater_equal;
  static constexpr DimFunction contents = [](const Dim& a, const Dim& b) { return decide_less_equal(b, a); };
  template <class T>
  [[gnu::always_inline]] static bool apply(T a, T b) {
    return a >= b;
  }
};

}  // namespace

MICA_OP(Equal, 7) {
  return binary<EqualFunction>();
}

MICA_OP(Equal, 1) {
  return legacy_binary<EqualFunction>();
}

MICA_OP(Less, 7) {
  return binary<LessFunction>();
}

MICA_OP(Less, 1) {
  return legacy_binary<LessFunction>();
}

MICA_OP(LessOrEqual, 12) {
  return binary<LessOrEqualFunction>();
}

MICA_OP(Greater, 7) {
  return binary<GreaterFunction>();
}

MICA_OP(Greater, 1) {
  return legacy_binary<GreaterFunction>();
}

MICA_OP(GreaterOrEqual, 12) {
  return binary<GreaterOrEqualFunction>();
}

}  // namespace mica
