#include "kernels/matmul/einsum_pair.h"

namespace mica {

EinsumLoops EinsumPair::joined(std::initializer_list<const EinsumLoops*> parts, const EinsumSizes& sizes) const {
  EinsumLoops all;
  for (const EinsumLoops* part : parts) {
    for (size_t i = 0; i < part->count; ++i) all.add(part->labels[i], sizes);
  }
  return all;
}

std::optional<EinsumPair> classify_einsum_pair(const EinsumProblem& p) {
  EinsumPair pair;
  for (int label = 0; label < EinsumAxes::kLabels; ++label) {
    const auto l = static_cast<size_t>(label);
    if (!p.used[l] || p.sizes[l] == 1) continue;
    const bool a = p.has[0][l], b = p.has[1][l];
    if (!p.in_output[l] && !(a && b)) return std::nullopt;
    EinsumLoops& kind = !p.in_output[l] ? pair.inner : a && b ? pair.batch : a ? pair.rows : pair.columns;
    kind.add(label, p.sizes);
  }
  pair.batch.sort_by(p.output_strides);
  pair.rows.sort_by(p.output_strides);
  pair.columns.sort_by(p.output_strides);
  pair.inner.sort_by(p.strides[0]);
  return pair;
}

std::optional<MatrixStack> einsum_stack(const EinsumProblem& p, const EinsumPair& pair, const EinsumLoops& rows,
                                        const EinsumLoops& columns, const EinsumSizes& strides) {
  const auto row = rows.step(p.sizes, strides), column = columns.step(p.sizes, strides);
  if (!row || !column || pair.batch.count > Shape::kMaxRank) return std::nullopt;
  MatrixStack stack{{}, {}, rows.iterations, columns.iterations, *row, *column};
  for (size_t i = 0; i < pair.batch.count; ++i) {
    const auto label = static_cast<size_t>(pair.batch.labels[i]);
    stack.batch.push_back(p.sizes[label]);
    stack.batch_strides[i] = strides[label];
  }
  return stack;
}

}  // namespace mica
