// What rules of attention ask about masks.
#pragma once

#include "graph/graph.h"

namespace mica {

/// A mask that is part of a constant table [..., rows, columns]: all columns up to a length, and some rows.
struct MaskTable {
  const Tensor* table = nullptr;  ///< null: the mask is no such part
  Dim first_row;
};

/// The table that a mask is cut from by Slices, with or without a Cast to bool.
MaskTable mask_table(const Graph& graph, ValueId mask);

/// A score to which this or less is added vanishes in a softmax beside any that is shown.
inline constexpr double kHidingNumber = -1e4;

/// Whether the table shows each query the keys up to its own position and no others: it is true, 1 or 0 there and
/// false, 0 or a number that hides elsewhere, as a bool, a number that is cast to bool, or a number that is added.
bool is_causal(const Tensor& table, DType mask_dtype);

/// Whether a bool mask is known to show each query the first key at least.
bool shows_a_key(const Graph& graph, ValueId mask);

}  // namespace mica
