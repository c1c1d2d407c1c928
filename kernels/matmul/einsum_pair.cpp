#include "kernels/matmul/einsum_pair.h"

#include <utility>

namespace mica {
namespace {

/// Labels of both operands and the output, of one and the output, and of both but not the output.
struct Labels {
  EinsumLoops batch, rows, columns, inner;
};

std::optional<Labels> classify(const EinsumProblem& p) {
  Labels labels;
  for (int label = 0; label < EinsumAxes::kLabels; ++label) {
    const auto l = static_cast<size_t>(label);
    if (!p.used[l] || p.sizes[l] == 1) continue;
    const bool a = p.has[0][l], b = p.has[1][l];
    if (!p.in_output[l] && !(a && b)) return std::nullopt;
    EinsumLoops& kind = !p.in_output[l] ? labels.inner : a && b ? labels.batch : a ? labels.rows : labels.columns;
    kind.add(label, p.sizes);
  }
  labels.batch.sort_by(p.output_strides);
  labels.rows.sort_by(p.output_strides);
  labels.columns.sort_by(p.output_strides);
  labels.inner.sort_by(p.strides[0]);
  return labels;
}

EinsumLoops joined(const EinsumSizes& sizes, std::initializer_list<const EinsumLoops*> parts) {
  EinsumLoops all;
  for (const EinsumLoops* part : parts) {
    for (size_t i = 0; i < part->count; ++i) all.add(part->labels[i], sizes);
  }
  return all;
}

/// A stack of matrices over `rows` and `columns`, for the labels `batch`, with the strides of an operand; nullopt where
/// rows or columns are not evenly spaced.
std::optional<MatrixStack> stack_of(const EinsumProblem& p, const EinsumLoops& batch, const EinsumLoops& rows,
                                    const EinsumLoops& columns, const EinsumSizes& strides) {
  const auto row = rows.step(p.sizes, strides), column = columns.step(p.sizes, strides);
  if (!row || !column || batch.count > Shape::kMaxRank) return std::nullopt;
  MatrixStack stack{{}, {}, rows.iterations, columns.iterations, *row, *column};
  for (size_t i = 0; i < batch.count; ++i) {
    const auto label = static_cast<size_t>(batch.labels[i]);
    stack.batch.push_back(p.sizes[label]);
    stack.batch_strides[i] = strides[label];
  }
  return stack;
}

}  // namespace

std::optional<EinsumPair> einsum_pair(const EinsumProblem& p) {
  auto labels = classify(p);
  if (!labels) return std::nullopt;
  EinsumPair pair;
  pair.b.operand = 1;
  auto out = stack_of(p, labels->batch, labels->rows, labels->columns, p.output_strides);
  if (out && out->column_stride != 1 && out->columns > 1 && (out->row_stride == 1 || out->rows == 1)) {
    // The transposed product has rows of adjacent elements.
    std::swap(labels->rows, labels->columns);
    std::swap(pair.a.operand, pair.b.operand);
    std::swap(out->rows, out->columns);
    std::swap(out->row_stride, out->column_stride);
  }
  pair.batch = stack_of(p, labels->batch, {}, {}, p.output_strides)->batch;
  const auto set = [&](EinsumPair::Side& side, const EinsumLoops& rows, const EinsumLoops& columns) {
    if (const auto stack = stack_of(p, labels->batch, rows, columns, p.strides[side.operand])) {
      side.stack = *stack;
      return;
    }
    side.gathered = joined(p.sizes, {&labels->batch, &rows, &columns});
    side.stack = dense_stack(pair.batch, rows.iterations, columns.iterations);
  };
  set(pair.a, labels->rows, labels->inner);
  set(pair.b, labels->inner, labels->columns);
  if (out && (out->column_stride == 1 || out->columns == 1)) {
    pair.out = *out;
  } else {
    pair.out = dense_stack(pair.batch, labels->rows.iterations, labels->columns.iterations);
    pair.scattered = joined(p.sizes, {&labels->batch, &labels->rows, &labels->columns});
  }
  return pair;
}

}  // namespace mica
