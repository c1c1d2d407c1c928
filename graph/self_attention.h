// Attention of one tensor to itself: the operator SelfAttention of this build's own domain, and what rules that make it
// have in common.
#pragma once

#include "graph/rewriter.h"

namespace mica {

/// Whether the node attends from queries of [batch, length, heads * width] to as many keys and values of heads of the
/// same width, has no cache, and gives nothing but the result. Else a refusal.
bool is_self_attention(Rewriter& g, const Node& attention);

/// Adds a SelfAttention for rows of Q, K and V, with the mask and attributes of `attention`.
ValueId add_self_attention(Rewriter& g, const Node& attention, ValueId packed);

}  // namespace mica
