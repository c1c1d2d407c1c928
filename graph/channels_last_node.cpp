// What the rewrites have in common.
#include "graph/channels_last_node.h"

#include <algorithm>

#include "graph/edit.h"

namespace mica {
namespace {

// Filters below which vectors of filters would be mostly empty.
constexpr int64_t kFewFilters = 8;

}  // namespace

size_t image_rank(const Graph& graph, ValueId id) {
  const Dims* dims = id == ValueId::None ? nullptr : dims_of(graph, id);
  return dims != nullptr && (dims->size() == 3 || dims->size() == 4) ? dims->size() : 0;
}

bool has_one_element(const Graph& graph, ValueId id) {
  const Dims* dims = dims_of(graph, id);
  return dims != nullptr && std::ranges::all_of(*dims, [](const Dim& dim) { return dim.is(1); });
}

bool give(ChannelsLast& layout, NodeId id, ValueId result, bool is_image) {
  if (result == ValueId::None || dims_of(layout.graph(), result) == nullptr) return false;
  layout.replace(id, 0, result, is_image);
  return true;
}

bool takes_filters(const ChannelsLast& layout, const Node& node, ValueId x, ValueId weights) {
  const Graph& graph = layout.graph();
  if (!is_constant(graph, weights)) return false;
  const Shape& shape = graph.value(weights).constant.shape();
  const int64_t group = attribute(node, "group", 1);
  if (shape.rank() != image_rank(graph, x) || group < 1) return false;
  const bool depthwise = group > 1 && shape[0] == group && shape[1] == 1;
  return depthwise ? layout.twin(x) != ValueId::None : shape[0] / group >= kFewFilters;
}

bool turn_operands(ChannelsLast& layout, size_t rank, std::span<ValueId* const> operands) {
  const Graph& graph = layout.graph();
  if (std::ranges::none_of(operands, [&](const ValueId* id) { return layout.twin(*id) != ValueId::None; })) {
    return false;
  }
  for (ValueId* const operand : operands) {
    if (is_constant(graph, *operand)) {
      *operand = layout.turned_constant(*operand, rank);
    } else if (image_rank(graph, *operand) == rank) {
      *operand = layout.twin_of(*operand, rank);
    } else if (!has_one_element(graph, *operand)) {
      return false;
    }
    if (*operand == ValueId::None) return false;
  }
  return true;
}

bool rewrite_unary(ChannelsLast& layout, NodeId id) {
  const Node& node = layout.graph().node(id);
  OriginalNode function(node);
  std::vector<ValueId>& inputs = function.inputs;
  if (inputs.empty() || layout.twin(inputs[0]) == ValueId::None || node.outputs.size() != 1) return false;
  for (size_t i = 1; i < inputs.size(); ++i) {
    if (inputs[i] != ValueId::None && !has_one_element(layout.graph(), inputs[i])) return false;
  }
  inputs[0] = layout.twin(inputs[0]);
  return give(layout, id, std::move(function).again(layout, id));
}

}  // namespace mica
