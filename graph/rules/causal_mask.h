// Masks that show each query the keys up to its own position, as exporters compute them.
#pragma once

#include <optional>

#include "graph/rewriter.h"

namespace mica {

/// A mask [..., rows, columns] whose row i shows the keys up to `first_row + i` and hides the others.
struct CausalMask {
  Dim first_row, rows, columns;
  /// What else is hidden: a mask as Attention takes it, or None. A row may then be hidden as a whole.
  ValueId rest = ValueId::None;
};

/// The mask as one of these, where it is
///   cut by Slices from a constant table,
///   a comparison of the positions of queries and keys, or a Trilu of ones: a bool that is true for what is shown,
///   one of these and-ed with another mask, or negated for what is hidden,
///   made of it by Where, Mul or Trilu for a sum with the scores: 0, and -inf or a number that hides as well,
///   a sum of that and another mask.
/// Adds nodes for the rest only. nullopt, which is no refusal, for other masks.
std::optional<CausalMask> causal_mask(Rewriter& g, ValueId mask);

}  // namespace mica
