// An einsum of two operands as products of stacks of matrices, which are read where they lie if their strides allow it.
#pragma once

#include "kernels/matmul/batched.h"
#include "kernels/matmul/einsum_problem.h"
#include "kernels/operands.h"

namespace mica {

/// A product of two operands.
struct EinsumPair {
  /// An operand: the stack to multiply and, where its own matrices are not evenly spaced, the loops by which its
  /// elements are gathered into that stack.
  struct Side {
    size_t operand = 0;
    MatrixStack stack;
    std::optional<EinsumLoops> gathered;
  };
  Side a, b;
  Shape batch;
  MatrixStack out;
  std::optional<EinsumLoops> scattered;  ///< where the elements of `out` go in the output; absent: `out` is the output
};

/// Nullopt when the operands are no such product: one alone has a label that is summed.
std::optional<EinsumPair> einsum_pair(const EinsumProblem& p);

/// Copies the elements of an operand in the order of the loops.
template <class T>
void gather_einsum(const EinsumProblem& p, const EinsumLoops& loops, const EinsumSizes& strides, const T* from, T* to) {
  if (loops.iterations == 0) return;
  if (loops.count == 0) {
    *to = *from;
    return;
  }
  const auto last = static_cast<size_t>(loops.labels[loops.count - 1]);
  for (int64_t i = 0; i < loops.iterations; i += p.sizes[last]) {
    const T* row = from + loops.offset(i, p.sizes, strides);
    for (int64_t j = 0; j < p.sizes[last]; ++j) to[i + j] = row[j * strides[last]];
  }
}

/// The elements of a side as its stack describes them.
template <class T>
const T* gathered(const Operands& io, const EinsumProblem& p, const EinsumPair::Side& side, const T* from) {
  if (!side.gathered) return from;
  T* dense = io.scratch<T>(side.gathered->iterations);
  gather_einsum(p, *side.gathered, p.strides[side.operand], from, dense);
  return dense;
}

template <class T>
void multiply_einsum_pair(const Operands& io, const EinsumProblem& p, const EinsumPair& pair, const T* const* sources,
                          T* y) {
  const T* a = gathered(io, p, pair.a, sources[pair.a.operand]);
  const T* b = gathered(io, p, pair.b, sources[pair.b.operand]);
  if (!pair.scattered) return multiply_stacks<T>(io, pair.batch, pair.a.stack, a, pair.b.stack, b, pair.out, y);
  T* product = io.scratch<T>(pair.scattered->iterations);
  multiply_stacks<T>(io, pair.batch, pair.a.stack, a, pair.b.stack, b, pair.out, product);
  for (int64_t i = 0; i < pair.scattered->iterations; ++i) {
    y[pair.scattered->offset(i, p.sizes, p.output_strides)] = product[i];
  }
}

}  // namespace mica
