// Operators of one float input that apply a function of kernels/activation/unary_simd.h to each element.
#pragma once

#include "kernels/activation/unary_simd.h"
#include "kernels/elementwise/block_kernel.h"

namespace mica {

/// A function without parameters.
struct Unary {
  UnaryLoop UnaryKernels::*loop;
  double (*wide)(double x);  ///< of doubles
};

/// One of two parameters, which attributes give.
struct Parametric {
  ParametricLoop UnaryKernels::*loop;
  double (*wide)(double x, double alpha, double beta);
  float alpha = 0, beta = 0;
};

void run_unary(const Unary& op, const Operands& io);
void run_parametric(const Parametric& op, const Operands& io);
void run_unary_block(const Unary& op, const ElementBlock& block);
void run_parametric_block(const Parametric& op, const ElementBlock& block);

/// The input's type is the output's, whose memory may be the same. Version 1 of the older operators has an attribute
/// `consumed_inputs`, which says nothing.
template <class T>
OpBuilder<T> elementwise(const T& prototype, DTypeSet types = types::floats) {
  return op(prototype)
      .input("X", types)
      .output("Y")
      .ignored_attribute("consumed_inputs")
      .infer(same_as())
      .may_overwrite(0, 0)
      .elementwise();
}

/// The definition with a kernel for blocks, of floats.
inline OpDef* in_blocks(OpBuilder<Unary> def) {
  return with_blocks<Unary, run_unary_block>(def, takes_floats_in_blocks);
}
inline OpDef* in_blocks(OpBuilder<Parametric> def) {
  return with_blocks<Parametric, run_parametric_block>(def, takes_floats_in_blocks);
}

inline OpDef* unary(UnaryLoop UnaryKernels::*loop, double (*wide)(double)) {
  return in_blocks(elementwise(Unary{loop, wide}).cpu<run_unary>());
}

inline OpBuilder<Parametric> parametric(const Parametric& function) {
  return elementwise(function).cpu<run_parametric>();
}

}  // namespace mica
