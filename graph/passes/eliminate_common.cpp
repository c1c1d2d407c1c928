#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "graph/edit.h"
#include "graph/passes/pass.h"

namespace mica {
namespace {

// Orders tensors by type, shape and bytes. Elements are only read where everything before is equal.
struct TensorLess {
  bool operator()(const Tensor* a, const Tensor* b) const {
    if (a->dtype() != b->dtype()) return a->dtype() < b->dtype();
    if (!(a->shape() == b->shape())) return std::ranges::lexicographical_compare(a->shape(), b->shape());
    if (a->raw() == b->raw() || a->bytes() == 0) return false;
    return std::memcmp(a->raw(), b->raw(), a->bytes()) < 0;
  }
};

// Later equal constants give way to the first. Strings are left alone.
size_t share_constants(Graph& graph) {
  std::map<const Tensor*, ValueId, TensorLess> first;
  size_t shared = 0;
  for (uint32_t i = 0; i < graph.value_count(); ++i) {
    const ValueId id{i};
    const Tensor& constant = graph.value(id).constant;
    if (!constant.defined() || constant.dtype() == DType::String) continue;
    if (graph.is_unused(id) || comes_from_outside(graph, id)) continue;
    const auto [it, added] = first.emplace(&constant, id);
    if (!added && redirect(graph, id, it->second)) ++shared;
  }
  return shared;
}

// Writes down everything that two nodes have in common when they compute the same.
class Key {
 public:
  explicit Key(const Node& node) {
    text(node.domain);
    text(node.op_type);
    number(node.opset);
    std::vector<ValueId> inputs = node.inputs;
    if (node.op_type == "Add" || node.op_type == "Mul") std::ranges::sort(inputs);
    list(inputs);
    for (const ValueId output : node.outputs) number(output != ValueId::None);
    for (const auto& [name, attribute] : node.attributes) {
      text(name);
      number(attribute.index());
      std::visit([this](const auto& value) { add(value); }, attribute);
    }
  }

  std::string take() { return std::move(key_); }

 private:
  template <class T>
  void number(T value) {
    key_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void text(std::string_view value) {
    number(value.size());
    key_ += value;
  }
  template <class T>
  void list(const std::vector<T>& values) {
    number(values.size());
    for (const T& value : values) add(value);
  }

  void add(ValueId value) { number(value); }
  void add(int64_t value) { number(value); }
  void add(float value) { number(value); }
  void add(const std::string& value) { text(value); }
  void add(const ValueType& value) { text(value.str()); }
  void add(const Tensor& value) {
    text(value.str());
    if (value.dtype() == DType::String) {
      for (const std::string& element : value.as<std::string>()) text(element);
    } else if (value.bytes() > 0) {
      text({value.data<char>(), value.bytes()});
    }
  }
  template <class T>
  void add(const std::vector<T>& values) {
    list(values);
  }

  std::string key_;
};

// Of what nodes that compute the same have in common, the part that is quickly looked at.
size_t hash_of(const Node& node) {
  size_t hash = std::hash<std::string>()(node.op_type);
  for (const ValueId input : node.inputs) hash += std::hash<size_t>()(static_cast<size_t>(input) * 0x9e3779b97f4a7c15);
  return hash;
}

size_t share_nodes(Graph& graph) {
  std::map<size_t, NodeId> lone;        // by hash; None when there are several, which `first` has
  std::map<std::string, NodeId> first;  // by key
  size_t shared = 0;
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (node.op == nullptr || node.op->def().impure || !node.subgraphs.empty()) continue;
    const auto [alike, alone] = lone.emplace(hash_of(node), id);
    if (alone) continue;
    const NodeId other = std::exchange(alike->second, NodeId::None);
    if (other != NodeId::None) first.emplace(Key(graph.node(other)).take(), other);
    const auto [it, added] = first.emplace(Key(node).take(), id);
    if (added) continue;
    const std::vector<ValueId> from = node.outputs;
    const std::vector<ValueId> to = graph.node(it->second).outputs;
    bool changed = false;
    for (size_t i = 0; i < from.size(); ++i) {
      if (from[i] != ValueId::None) changed |= redirect(graph, from[i], to[i]);
    }
    shared += changed;
    remove_unused(graph, id);
  }
  return shared;
}

}  // namespace

size_t eliminate_common(PassContext& context) {
  size_t shared = 0;
  for_each_graph(*context.model.graph, [&](Graph& graph) { shared += share_constants(graph) + share_nodes(graph); });
  return shared;
}

}  // namespace mica
