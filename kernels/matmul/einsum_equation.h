// Equations of Einsum: "bij,bjk->bik", with ellipses, repeated labels and implicit outputs.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "runtime/base/shape.h"

namespace mica {

/// Labels of the axes of each term; `kEllipsis` stands for any number of axes.
struct EinsumEquation {
  static constexpr int kEllipsis = -1;

  std::vector<std::vector<int>> inputs;  ///< letters as numbers, 'A' is 0, 'a' is 26
  std::vector<int> output;
};

/// Throws InvalidModel when the equation makes no sense.
EinsumEquation parse_einsum(const std::string& text);

/// Labels of one operand's axes, ellipsis axes included: those are numbered from kEllipsisLabel by distance from the
/// ellipsis' end, so that they align to the right.
struct EinsumAxes {
  static constexpr int kEllipsisLabel = 52;
  static constexpr int kLabels = kEllipsisLabel + static_cast<int>(Shape::kMaxRank);

  std::array<int, Shape::kMaxRank> label{};
  size_t rank = 0;
};

/// A term's labels for an operand of `rank` axes. Throws InvalidArgument when the term has another number of them.
EinsumAxes einsum_axes(const std::vector<int>& term, size_t rank);

/// How many axes the ellipsis of a term covers; 0 without one.
size_t ellipsis_rank(const std::vector<int>& term, size_t rank);

}  // namespace mica
