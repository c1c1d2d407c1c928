// Operators of any number of operands: f(f(x0, x1), x2)..., with f described as in kernels/elementwise/binary.h.
#pragma once

#include "kernels/elementwise/binary.h"

namespace mica {

/// What is done to the fold in the end, in the type that it was computed in: y[i] = apply(y[i], *operand).
struct FoldEnd {
  BinaryLoop apply = nullptr;
  const void* operand = nullptr;
};

/// Narrow floats are rounded once, at the end.
void run_variadic(const Operands& io, const BinaryKernel& kernel, const FoldEnd& end = {});

/// Defines an operator with or, before version 8, without broadcasting.
OpDef* define_variadic(DTypeSet types, const char* output, bool broadcasts, DimFunction contents, KernelFn run);

template <class F>
OpDef* variadic(const char* output, bool broadcasts) {
  return in_blocks<F>(
      define_variadic(operand_types<F>(), output, broadcasts, F::contents,
                      [](const void*, const Operands& io) { run_variadic(io, binary_kernel<F>(io.in(0).dtype())); }));
}

}  // namespace mica
