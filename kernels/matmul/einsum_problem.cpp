#include "kernels/matmul/einsum_problem.h"

#include <algorithm>

namespace mica {

void EinsumLoops::sort_by(const EinsumSizes& strides) {
  std::stable_sort(labels.begin(), labels.begin() + count,
                   [&](int a, int b) { return strides[static_cast<size_t>(a)] > strides[static_cast<size_t>(b)]; });
}

int64_t EinsumLoops::offset(int64_t index, const EinsumSizes& sizes, const EinsumSizes& strides) const {
  int64_t at = 0;
  for (size_t i = count; i-- > 0;) {
    const auto label = static_cast<size_t>(labels[i]);
    at += index % sizes[label] * strides[label];
    index /= sizes[label];
  }
  return at;
}

std::optional<int64_t> EinsumLoops::step(const EinsumSizes& sizes, const EinsumSizes& strides) const {
  if (count == 0) return 0;
  for (size_t i = 0; i + 1 < count; ++i) {
    const auto outer = static_cast<size_t>(labels[i]), inner = static_cast<size_t>(labels[i + 1]);
    if (strides[outer] != strides[inner] * sizes[inner]) return std::nullopt;
  }
  return strides[static_cast<size_t>(labels[count - 1])];
}

EinsumLoops EinsumProblem::output_loops() const {
  EinsumLoops loops;
  for (int label = 0; label < EinsumAxes::kLabels; ++label) {
    if (in_output[static_cast<size_t>(label)] && sizes[static_cast<size_t>(label)] != 1) loops.add(label, sizes);
  }
  loops.sort_by(output_strides);
  return loops;
}

EinsumLoops EinsumProblem::summed_loops() const {
  EinsumLoops loops;
  for (int label = 0; label < EinsumAxes::kLabels; ++label) {
    if (used[static_cast<size_t>(label)] && !in_output[static_cast<size_t>(label)]) loops.add(label, sizes);
  }
  return loops;
}

}  // namespace mica
