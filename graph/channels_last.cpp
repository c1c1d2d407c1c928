#include "graph/channels_last.h"

#include <numeric>
#include <utility>

#include "graph/edit.h"
#include "graph/inference.h"
#include "runtime/base/error.h"

namespace mica {
namespace {

std::vector<int64_t> to_last(size_t rank) {
  std::vector<int64_t> perm(rank);
  std::iota(perm.begin(), perm.end(), 0);
  return turned(std::move(perm));
}

std::vector<int64_t> to_first(size_t rank) {
  std::vector<int64_t> perm{0, static_cast<int64_t>(rank) - 1};
  for (size_t i = 1; i + 1 < rank; ++i) perm.push_back(static_cast<int64_t>(i));
  return perm;
}

}  // namespace

ValueId ChannelsLast::twin(ValueId id) const {
  const auto found = twins_.find(id);
  return found == twins_.end() ? ValueId::None : found->second;
}

ValueId ChannelsLast::twin_of(ValueId id, size_t rank) {
  const ValueId known = twin(id);
  if (known != ValueId::None) return known;
  const ValueId made = add_one({"", "Transpose", 13}, NodeId::None, {id}, {{"perm", to_last(rank)}});
  if (made != ValueId::None) twins_[id] = made;
  return made;
}

ValueId ChannelsLast::turned_constant(ValueId id, size_t rank) {
  if (!is_constant(graph_, id)) return ValueId::None;
  const Tensor& tensor = graph_.value(id).constant;
  const Shape& shape = tensor.shape();
  if (shape.rank() > rank) return ValueId::None;
  if (tensor.elements() == 1) return id;
  Shape whole;
  for (size_t i = shape.rank(); i < rank; ++i) whole.push_back(1);
  for (const int64_t dim : shape.dims()) whole.push_back(dim);
  if (whole[1] != tensor.elements()) return twin_of(add_constant(tensor.reshaped(whole)), rank);
  return add_constant(tensor.reshaped(Shape{tensor.elements()}));  // one for each channel
}

std::vector<ValueId> ChannelsLast::add(const Operator& op, NodeId like, std::vector<ValueId> inputs,
                                       Attributes attributes) {
  Node node;
  node.domain = op.domain;
  node.op_type = op.type;
  if (like != NodeId::None) node.name = graph_.node(like).name;
  node.opset = op.opset;
  node.attributes = std::move(attributes);
  const std::vector<bool> wanted(like == NodeId::None ? 1 : graph_.node(like).outputs.size(), true);
  try {
    return graph_.node(add_node(graph_, operators_, std::move(node), std::move(inputs), wanted)).outputs;
  } catch (const Error&) {
    return {};
  }
}

void ChannelsLast::replace(NodeId id, size_t index, ValueId twin, bool is_image) {
  const ValueId old = graph_.node(id).outputs[index];
  ValueId replacement = twin;
  if (is_image) {
    const size_t rank = graph_.value(twin).type.dims->size();
    replacement = add_one({"", "Transpose", 13}, NodeId::None, {twin}, {{"perm", to_first(rank)}});
    twins_[replacement] = twin;
  }
  redirect(graph_, old, replacement);
  remove_unused(graph_, id);
}

}  // namespace mica
