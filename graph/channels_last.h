// Putting the channels of images last: what the pass channels_last knows of the graph while it walks it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "graph/facts.h"
#include "graph/graph.h"

namespace mica {

/// Values [N, C, spatial...] that exist as [N, spatial..., C] too, their twins. The graph stays right at every step:
/// what a node gave becomes the transpose of a twin, and nodes that know the twin need not read the transpose.
class ChannelsLast {
 public:
  ChannelsLast(Graph& graph, const OpTable& operators) : graph_(graph), operators_(operators) {}

  const Graph& graph() const { return graph_; }

  /// None where there is no twin.
  ValueId twin(ValueId id) const;
  /// The twin, which is made of the value where it has none. `rank` is that of the value.
  ValueId twin_of(ValueId id, size_t rank);
  /// A constant that broadcasts to values of this rank, so that it broadcasts to their twins; None when it is of no
  /// use.
  ValueId turned_constant(ValueId id, size_t rank);
  ValueId add_constant(Tensor tensor) { return graph_.add_constant("", std::move(tensor)); }

  struct Operator {
    std::string domain, type;
    int64_t opset;
  };
  /// Adds a node with the name and the number of outputs of `like`, or without a name and with one, and gives its
  /// outputs; none when it does not take these inputs.
  std::vector<ValueId> add(const Operator& op, NodeId like, std::vector<ValueId> inputs, Attributes attributes);
  ValueId add_one(const Operator& op, NodeId like, std::vector<ValueId> inputs, Attributes attributes) {
    const auto outputs = add(op, like, std::move(inputs), std::move(attributes));
    return outputs.empty() ? ValueId::None : outputs[0];
  }

  /// Output `index` of a node gives way to the transpose of `twin`; or, where it has not the dims of an image, to it.
  void replace(NodeId id, size_t index, ValueId twin, bool is_image = true);

 private:
  Graph& graph_;
  const OpTable& operators_;
  std::map<ValueId, ValueId> twins_;
};

/// Rewrites one node for twins of its inputs; false when it stays. One function for each kind of operator.
using ChannelsLastRewrite = bool (*)(ChannelsLast& layout, NodeId id);
/// Null for operators that need their channels where they are.
ChannelsLastRewrite channels_last_rewrite(const Node& node);

/// The axis of a twin that `axis` of a value of this rank, counted from the front or back, is.
inline int64_t turned_axis(int64_t axis, size_t rank) {
  const auto last = static_cast<int64_t>(rank) - 1;
  if (axis < 0) axis += last + 1;
  return axis == 0 ? 0 : axis == 1 ? last : axis - 1;
}

/// A list with one element for each axis, in the order of the twin's axes.
template <class T>
std::vector<T> turned(std::vector<T> list) {
  if (list.size() > 2) list.insert(list.end(), list[1]), list.erase(list.begin() + 1);
  return list;
}

}  // namespace mica
