// What the rewrites of nodes for images whose channels are last have in common.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "graph/channels_last.h"

namespace mica {

/// A node's own way of saying what it is. (References to nodes do not outlive the adding of others.)
struct OriginalNode {
  ChannelsLast::Operator op;
  std::vector<ValueId> inputs;
  Attributes attributes;

  explicit OriginalNode(const Node& node)
      : op{node.domain, node.op_type, node.opset},
        inputs(node.inputs.begin(), node.inputs.begin() + static_cast<int64_t>(node.formal_inputs)),
        attributes(node.attributes) {}

  ValueId again(ChannelsLast& layout, NodeId id) && {
    return layout.add_one(op, id, std::move(inputs), std::move(attributes));
  }
};

/// The number of axes of input or output `id` when it may be an image; 0 otherwise.
size_t image_rank(const Graph& graph, ValueId id);
bool has_one_element(const Graph& graph, ValueId id);

/// Output 0 of a node gives way to `result`; false when there is none.
bool give(ChannelsLast& layout, NodeId id, ValueId result, bool is_image = true);

/// Whether a convolution of an input with constant weights is worth it: `weights` have the rank of the input, and fill
/// vectors of filters, or are depthwise and the input has a twin.
bool takes_filters(const ChannelsLast& layout, const Node& node, ValueId x, ValueId weights);

/// Operands that broadcast to `rank` axes become such that broadcast to the twin of the result: twins, or turned
/// constants. False when one cannot, or none has a twin yet.
bool turn_operands(ChannelsLast& layout, size_t rank, std::span<ValueId* const> operands);

/// Functions of each element of input 0 by itself, whose other inputs are numbers.
bool rewrite_unary(ChannelsLast& layout, NodeId id);

/// The rewrite of an operator on quantised images; null for others.
ChannelsLastRewrite channels_last_quantized(const Node& node);

}  // namespace mica
