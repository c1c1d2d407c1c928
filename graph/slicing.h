// What a Slice cuts, as rules see it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "graph/rewriter.h"

namespace mica {

/// Of one axis: from `start` up to `end`, both as written (negative: from the back).
struct Cut {
  int64_t start, end, step;

  /// Whether it takes all of an axis of any length.
  bool is_everything() const { return start == 0 && step == 1 && end >= kAnyEnd; }
  /// Exporters write the largest number of 32 or 64 bits for the end of any axis.
  static constexpr int64_t kAnyEnd = 2147483647;
};

/// The cuts of a Slice by axis, counted from the front; nullopt when they are not constants, an axis is counted from
/// the back of an unknown rank, or one stands twice.
std::optional<std::map<int64_t, Cut>> cuts(const Graph& graph, const Node& slice);

/// A Slice of these cuts; `x` itself without any.
ValueId add_slice(Rewriter& g, ValueId x, const std::map<int64_t, Cut>& cuts);

}  // namespace mica
