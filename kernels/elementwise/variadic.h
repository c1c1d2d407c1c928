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

/// The dims that all inputs broadcast to, or before version 8, where they do not broadcast, what all dims are.
template <bool broadcasts>
void infer_variadic(InferContext& ctx, DimFunction contents);

template <class F, bool broadcasts>
void infer_variadic_operator(const NoParams&, InferContext& ctx) {
  infer_variadic<broadcasts>(ctx, F::contents);
}

template <class F>
void run_variadic_operator(const NoParams&, const Operands& io) {
  run_variadic(io, binary_kernel<F>(io.in(0).dtype()));
}

template <class F, bool broadcasts, auto run = run_variadic_operator<F>>
OpBuilder<NoParams> variadic(std::string output) {
  return op()
      .variadic_input("data_0", operand_types<F>())
      .output(std::move(output))
      .ignored_attribute("consumed_inputs")
      .template infer<infer_variadic_operator<F, broadcasts>>()
      .may_overwrite(0, 0)
      .may_overwrite(0, 1)
      .template cpu<run>();
}

}  // namespace mica
