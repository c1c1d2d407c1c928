#include "graph/facts.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "graph/dim_caps.h"
#include "graph/edit.h"
#include "runtime/base/half.h"
#include "runtime/base/unaligned.h"

namespace mica {

const Dims* dims_of(const Graph& graph, ValueId id) {
  if (id == ValueId::None) return nullptr;
  const ValueType& type = graph.value(id).type;
  return type.is_tensor() && type.dims ? &*type.dims : nullptr;
}

bool same_where_valid(const Dim& cut, const Dim& dim) {
  return cut == dim || uncapped(cut) == dim;
}

template <class T>
static T attribute_of(const Node& node, std::string_view name, T absent) {
  const auto it = node.attributes.find(name);
  const T* value = it == node.attributes.end() ? nullptr : std::get_if<T>(&it->second);
  return value == nullptr ? std::move(absent) : *value;
}

int64_t attribute(const Node& node, std::string_view name, int64_t absent) {
  return attribute_of(node, name, absent);
}

float float_attribute(const Node& node, std::string_view name, float absent) {
  return attribute_of(node, name, absent);
}

std::string text_attribute(const Node& node, std::string_view name, std::string absent) {
  return attribute_of(node, name, std::move(absent));
}

std::optional<std::vector<int64_t>> integers(const Graph& graph, ValueId id) {
  if (!is_constant(graph, id)) return std::nullopt;
  const Tensor& tensor = graph.value(id).constant;
  std::optional<std::vector<int64_t>> result;
  visit_dtype<int64_t, int32_t>(
      tensor.dtype(), [&]<class T>() { result.emplace(tensor.data<T>(), tensor.data<T>() + tensor.elements()); });
  return result;
}

std::optional<std::vector<int64_t>> integers(const Graph& graph, const Node& node, std::string_view name,
                                             size_t input) {
  if (const auto it = node.attributes.find(name); it != node.attributes.end()) {
    const auto* list = std::get_if<std::vector<int64_t>>(&it->second);
    return list == nullptr ? std::nullopt : std::optional(*list);
  }
  return integers(graph, input_of(node, input));
}

std::optional<int64_t> reduced_tail(const Graph& graph, const Node& reduction) {
  const Dims* dims = dims_of(graph, reduction.inputs[0]);
  auto axes = integers(graph, reduction, "axes", 1);
  if (dims == nullptr || !axes || axes->empty() || attribute(reduction, "keepdims", 1) == 0) return std::nullopt;
  const int64_t rank = static_cast<int64_t>(dims->size());
  for (int64_t& axis : *axes) axis += axis < 0 ? rank : 0;
  std::ranges::sort(*axes);
  std::vector<int64_t> tail(axes->size());
  std::iota(tail.begin(), tail.end(), rank - static_cast<int64_t>(axes->size()));
  return *axes == tail ? std::optional(axes->front()) : std::nullopt;
}

static bool is_filled_constant(const Tensor& constant, double number) {
  bool filled = false;
  visit_dtype<float, double, Half, BFloat16, int64_t, int32_t, int8_t, uint8_t, bool>(constant.dtype(), [&]<class T>() {
    int64_t equal = 0;
    while (equal < constant.elements() && static_cast<double>(element_at<T>(constant, equal)) == number) ++equal;
    filled = equal == constant.elements();
  });
  return filled;
}

// `steps`: how many more nodes may be looked at.
static bool is_filled(const Graph& graph, ValueId id, double number, int& steps) {
  // Operators whose output has no elements but those of their first input.
  static constexpr std::array<std::string_view, 9> kMoving{"Expand",    "Reshape", "Squeeze", "Unsqueeze", "Flatten",
                                                           "Transpose", "Tile",    "Slice",   "Identity"};
  if (id == ValueId::None || steps-- <= 0) return false;
  if (is_constant(graph, id)) return is_filled_constant(graph.value(id).constant, number);
  if (graph.value(id).producer == NodeId::None) return false;
  const Node& node = graph.node(graph.value(id).producer);
  if (!node.domain.empty()) return false;
  if (node.op_type == "ConstantOfShape") {
    const auto value = node.attributes.find("value");
    if (value == node.attributes.end()) return number == 0;
    const Tensor* tensor = std::get_if<Tensor>(&value->second);
    return tensor != nullptr && is_filled_constant(*tensor, number);
  }
  if (node.op_type == "Concat") {
    return std::ranges::all_of(node.inputs, [&](ValueId part) { return is_filled(graph, part, number, steps); });
  }
  const bool moves = std::ranges::find(kMoving, node.op_type) != kMoving.end();
  return moves && is_filled(graph, node.inputs[0], number, steps);
}

bool is_filled(const Graph& graph, ValueId id, double number) {
  int steps = 64;
  return is_filled(graph, id, number, steps);
}

std::optional<std::vector<int64_t>> permutation(const Graph& graph, const Node& transpose) {
  if (const auto perm = integers(graph, transpose, "perm", SIZE_MAX)) {
    std::vector<int64_t> all(perm->size());
    std::iota(all.begin(), all.end(), 0);
    return std::ranges::is_permutation(*perm, all) ? perm : std::nullopt;
  }
  const Dims* dims = dims_of(graph, transpose.inputs[0]);
  if (dims == nullptr) return std::nullopt;
  std::vector<int64_t> reversed(dims->size());
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  return reversed;
}

}  // namespace mica
