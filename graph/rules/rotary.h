// What rules of rotary embeddings share.
#pragma once

#include <optional>

#include "graph/rewriter.h"

namespace mica {

/// Elements start, start + step, ... of the last axis of a tensor [..., pairs, 2] or [..., 2 pairs].
struct HeadPart {
  ValueId of = ValueId::None;  ///< None: something else
  int64_t start = 0, step = 1;
  bool paired = false;  ///< `of` is [..., pairs, 2]

  bool operator==(const HeadPart&) const = default;
};

/// The first or second half of the elements, or every second one, as a Slice, Split or Gather takes them.
HeadPart head_part(const Graph& graph, ValueId value);

/// The tensor whose parts are turned against each other, and how: `first` and `second` are its halves, or its elements
/// at even and odd places.
struct TurnedPairs {
  ValueId x;
  bool interleaved, paired;
};
std::optional<TurnedPairs> turned_pairs(const Graph& graph, ValueId first, ValueId second);

/// The half of a table [..., 2 pairs] that is there twice: one after the other, or, where interleaved, each element in
/// succession. None, with a refusal, when that is not so.
ValueId half_table(Rewriter& g, ValueId table, bool interleaved);

/// RotaryEmbedding of x, [batch, heads, length, width] or [batch, length, heads, width], by tables of a cosine and sine
/// for each pair, [1 or batch, 1, length, pairs] or [1 or batch, length, 1, pairs]; None after a refusal.
ValueId rotary_embedding(Rewriter& g, ValueId x, ValueId cos, ValueId sin, bool interleaved);

}  // namespace mica
