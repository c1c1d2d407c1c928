// Max, Min, ai.onnx 1: of any number of tensors, with numpy's broadcasting from version 8 on. NaN where an element is.
#include "kernels/elementwise/variadic.h"

namespace mica {
namespace {

struct Extremum {
  using Types = Numbers;
  static constexpr bool commutes = false;
  static constexpr bool modular = false;
};

struct MaxFunction : Extremum {
  static constexpr BinaryLoops BinaryKernels::*vector = &BinaryKernels::max;
  static constexpr DimFunction contents = [](const Dim& a, const Dim& b) -> std::optional<Dim> { return max(a, b); };
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    return a > b || a != a ? a : b;
  }
};

struct MinFunction : Extremum {
  static constexpr BinaryLoops BinaryKernels::*vector = &BinaryKernels::min;
  static constexpr DimFunction contents = [](const Dim& a, const Dim& b) -> std::optional<Dim> { return min(a, b); };
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    return a < b || a != a ? a : b;
  }
};

}  // namespace

MICA_OP(Max, 8) {
  return variadic<MaxFunction>("max", true);
}

MICA_OP(Max, 1) {
  return variadic<MaxFunction>("max", false);
}

MICA_OP(Min, 8) {
  return variadic<MinFunction>("min", true);
}

MICA_OP(Min, 1) {
  return variadic<MinFunction>("min", false);
}

}  // namespace mica
