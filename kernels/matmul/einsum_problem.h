// An einsum at concrete dims: its labels as loops with an operand's steps along them.
#pragma once

#include <array>
#include <optional>

#include "kernels/matmul/einsum_equation.h"

namespace mica {

/// Of each label.
using EinsumSizes = std::array<int64_t, EinsumAxes::kLabels>;

/// Nested loops over some labels, the last being the innermost.
struct EinsumLoops {
  std::array<int, EinsumAxes::kLabels> labels{};
  size_t count = 0;
  int64_t iterations = 1;

  void add(int label, const EinsumSizes& sizes) {
    labels[count++] = label;
    iterations *= sizes[static_cast<size_t>(label)];
  }
  /// Orders the loops so that `strides` descend.
  void sort_by(const EinsumSizes& strides);
  /// The element that an operand with these strides has at iteration `index`.
  int64_t offset(int64_t index, const EinsumSizes& sizes, const EinsumSizes& strides) const;
  /// The operand's step from each iteration to the next, where it is always the same.
  std::optional<int64_t> step(const EinsumSizes& sizes, const EinsumSizes& strides) const;
};

struct EinsumProblem {
  static constexpr size_t kMostOperands = 16;

  EinsumSizes sizes;  ///< 1 for labels not used
  std::array<bool, EinsumAxes::kLabels> used{}, in_output{};
  /// Of each operand along each label; 0 where it lacks the label or broadcasts.
  std::array<EinsumSizes, kMostOperands> strides{};
  std::array<std::array<bool, EinsumAxes::kLabels>, kMostOperands> has{};
  EinsumSizes output_strides{};

  /// The output's labels in the order of its axes, without those of size 1.
  EinsumLoops output_loops() const;
  /// The labels that are summed.
  EinsumLoops summed_loops() const;
};

}  // namespace mica
