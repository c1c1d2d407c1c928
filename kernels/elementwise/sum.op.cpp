// Sum, Mean, ai.onnx 1: of any number of tensors, with numpy's broadcasting from version 8 on.
#include "kernels/elementwise/variadic.h"

namespace mica {
namespace {

struct SumFunction {
  using Types = ElementTypes<double>;
  static constexpr bool commutes = true;
  static constexpr bool modular = false;
  static constexpr BinaryLoops BinaryKernels::*vector = &BinaryKernels::add;
  static constexpr DimFunction contents = nullptr;
  [[gnu::always_inline]] static double apply(double a, double b) { return a + b; }
};

struct Quotient {
  static constexpr bool commutes = false;
  [[gnu::always_inline]] static double apply(double a, double b) { return a / b; }
};

void run_mean(const void*, const Operands& io) {
  const DType dtype = io.in(0).dtype();
  const double count = static_cast<double>(io.inputs());
  const float narrow_count = static_cast<float>(count);
  const FoldEnd end = dtype == DType::F64 ? FoldEnd{TypedLoops<Quotient, double>::repeat_b, &count}
                                          : FoldEnd{binary_kernels().div.repeat_b, &narrow_count};
  run_variadic(io, binary_kernel<SumFunction>(dtype), end);
}

OpDef* mean(bool broadcasts) {
  return define_variadic(operand_types<SumFunction>(), "mean", broadcasts, nullptr, run_mean);
}

}  // namespace

MICA_OP(Sum, 8) {
  return variadic<SumFunction>("sum", true);
}

MICA_OP(Sum, 1) {
  return variadic<SumFunction>("sum", false);
}

MICA_OP(Mean, 8) {
  return mean(true);
}

MICA_OP(Mean, 1) {
  return mean(false);
}

}  // namespace mica
