// Attention of heads that are batches, [batch * heads, length, width], as rules that tell them apart see it.
#pragma once

#include <optional>
#include <string_view>

#include "graph/rewriter.h"

namespace mica {

/// The node of ai.onnx that gives a value, when it is this operator; else null.
const Node* producer_of(const Graph& graph, ValueId id, std::string_view op_type);

/// Whether the node has one head, no cache, and no result but the first.
bool is_of_one_head(const Node& attention);

/// The mask for [batch, heads, queries, keys] of one for [batch * heads, 1, queries, keys]; None where there is none.
/// nullopt, with a refusal, when it is not the same for all batches and not made from such a mask by joining axes.
std::optional<ValueId> mask_of_heads(Rewriter& g, ValueId mask, const Dim& batch, const Dim& heads);

}  // namespace mica
