// How operators on quantised images are written for channels that are last.
#include <array>

#include "graph/channels_last_node.h"
#include "graph/edit.h"

namespace mica {
namespace {

constexpr std::string_view kMicrosoft = "com.microsoft";

bool rewrite_conv(ChannelsLast& layout, NodeId id) {
  const Node& node = layout.graph().node(id);
  const size_t rank = image_rank(layout.graph(), node.inputs[0]);
  if (rank == 0 || attribute(node, "channels_last", 0) != 0) return false;
  if (!takes_filters(layout, node, node.inputs[0], node.inputs[3])) return false;
  OriginalNode layer(node);
  layer.inputs[0] = layout.twin_of(layer.inputs[0], rank);
  layer.attributes["channels_last"] = int64_t{1};
  layer.op = {std::string(kMicrosoft), "QLinearConv", 1};
  return give(layout, id, std::move(layer).again(layout, id));
}

bool rewrite_pool(ChannelsLast& layout, NodeId id) {
  const Node& node = layout.graph().node(id);
  const ValueId x = layout.twin(node.inputs[0]);
  if (x == ValueId::None || attribute(node, "channels_last", 0) != 0) return false;
  OriginalNode pool(node);
  pool.inputs[0] = x;
  pool.attributes["channels_last"] = int64_t{1};
  return give(layout, id, std::move(pool).again(layout, id));
}

// Inputs 0 and 3 are the operands, each with a scale and a zero point behind it.
bool rewrite_binary(ChannelsLast& layout, NodeId id) {
  const Node& node = layout.graph().node(id);
  const size_t rank = image_rank(layout.graph(), node.outputs[0]);
  OriginalNode function(node);
  const std::array<ValueId*, 2> operands{&function.inputs[0], &function.inputs[3]};
  if (rank == 0 || !turn_operands(layout, rank, operands)) return false;
  return give(layout, id, std::move(function).again(layout, id));
}

}  // namespace

ChannelsLastRewrite channels_last_quantized(const Node& node) {
  if (node.op_type == "QLinearConv") return rewrite_conv;
  if (node.domain != kMicrosoft) return nullptr;
  if (node.op_type == "QLinearAdd" || node.op_type == "QLinearMul") return rewrite_binary;
  if (node.op_type == "QLinearGlobalAveragePool" || node.op_type == "QLinearAveragePool") return rewrite_pool;
  if (node.op_type == "QLinearSigmoid" || node.op_type == "QLinearLeakyRelu") return rewrite_unary;
  return nullptr;
}

}  // namespace mica
