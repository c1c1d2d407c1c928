// An einsum of two operands as products of stacks of matrices, which are read where they lie if their strides allow it.
#pragma once

#include "kernels/matmul/batched.h"
#include "kernels/matmul/einsum_problem.h"
#include "kernels/operands.h"

namespace mica {

/// Labels of a product of two operands: of both and the output, of one and the output, and of both but not the output.
struct EinsumPair {
  EinsumLoops batch, rows, columns, inner;

  EinsumLoops joined(std::initializer_list<const EinsumLoops*> parts, const EinsumSizes& sizes) const;
  void swap_sides() { std::swap(rows, columns); }
};

/// Nullopt when one operand alone has a label that is summed.
std::optional<EinsumPair> classify_einsum_pair(const EinsumProblem& p);

/// A stack of matrices over `rows` and `columns`, for the batch dims of `pair`, with the strides of an operand; nullopt
/// where rows or columns are not evenly spaced.
std::optional<MatrixStack> einsum_stack(const EinsumProblem& p, const EinsumPair& pair, const EinsumLoops& rows,
                                        const EinsumLoops& columns, const EinsumSizes& strides);

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

/// False when the operands are no such product.
template <class T>
bool multiply_einsum_pair(const Operands& io, const EinsumProblem& p, std::array<const T*, 2> sources, T* y) {
  auto found = classify_einsum_pair(p);
  if (!found) return false;
  EinsumPair& pair = *found;
  std::array<const EinsumSizes*, 2> strides{&p.strides[0], &p.strides[1]};
  auto out = einsum_stack(p, pair, pair.rows, pair.columns, p.output_strides);
  if (out && out->column_stride != 1 && out->columns > 1 && (out->row_stride == 1 || out->rows == 1)) {
    pair.swap_sides();  // the transposed product has rows of adjacent elements
    std::swap(strides[0], strides[1]);
    std::swap(sources[0], sources[1]);
    std::swap(out->rows, out->columns);
    std::swap(out->row_stride, out->column_stride);
  }
  const bool direct = out && (out->column_stride == 1 || out->columns == 1);
  const int64_t m = pair.rows.iterations, n = pair.columns.iterations;
  const Shape batch = einsum_stack(p, pair, {}, {}, p.output_strides)->batch;

  const auto side = [&](size_t i, const EinsumLoops& rows, const EinsumLoops& columns) {
    if (const auto stack = einsum_stack(p, pair, rows, columns, *strides[i])) return *stack;
    const EinsumLoops loops = pair.joined({&pair.batch, &rows, &columns}, p.sizes);
    T* dense = io.scratch<T>(loops.iterations);
    gather_einsum(p, loops, *strides[i], sources[i], dense);
    sources[i] = dense;
    return dense_stack(batch, rows.iterations, columns.iterations);
  };
  const MatrixStack a = side(0, pair.rows, pair.inner);
  const MatrixStack b = side(1, pair.inner, pair.columns);
  if (direct) {
    multiply_stacks<T>(io, batch, a, sources[0], b, sources[1], *out, y);
    return true;
  }
  const EinsumLoops loops = pair.joined({&pair.batch, &pair.rows, &pair.columns}, p.sizes);
  T* product = io.scratch<T>(loops.iterations);
  multiply_stacks<T>(io, batch, a, sources[0], b, sources[1], dense_stack(batch, m, n), product);
  for (int64_t i = 0; i < loops.iterations; ++i) y[loops.offset(i, p.sizes, p.output_strides)] = product[i];
  return true;
}

}  // namespace mica
