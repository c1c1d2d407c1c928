#include "graph/rules/positions.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "graph/edit.h"
#include "graph/facts.h"

namespace mica {
namespace {

// Exporters write a handful of nodes around a Range.
constexpr int kMostSteps = 16;

std::optional<Positions> find(const Graph& graph, ValueId id, int steps);

bool is_one_element(const Graph& graph, ValueId id) {
  const Dims* dims = dims_of(graph, id);
  return dims != nullptr && std::ranges::all_of(*dims, [](const Dim& dim) { return dim.is(1); });
}

// The axis of `count` elements, counted from the back, when all others have one.
std::optional<size_t> only_axis(const Dims* dims, const Dim& count) {
  if (dims == nullptr || count.is(1)) return std::nullopt;
  const auto is_long = [](const Dim& dim) { return !dim.is(1); };
  if (std::ranges::count_if(*dims, is_long) != 1) return std::nullopt;
  const auto axis = std::ranges::find_if(*dims, is_long);
  return *axis == count ? std::optional(static_cast<size_t>(dims->end() - axis)) : std::nullopt;
}

std::optional<Positions> of_constant(const Graph& graph, ValueId id) {
  const auto numbers = integers(graph, id);
  if (!numbers || numbers->size() < 2) return std::nullopt;
  for (size_t i = 1; i < numbers->size(); ++i) {
    if ((*numbers)[i] != (*numbers)[0] + static_cast<int64_t>(i)) return std::nullopt;
  }
  const Dim count = static_cast<int64_t>(numbers->size());
  const auto axis = only_axis(dims_of(graph, id), count);
  return axis ? std::optional(Positions{*axis, (*numbers)[0], count}) : std::nullopt;
}

std::optional<Positions> of_range(const Graph& graph, const Node& range) {
  const auto first = whole_number(graph, range.inputs[0]);
  const auto step = whole_number(graph, range.inputs[2]);
  const Dims* dims = dims_of(graph, range.outputs[0]);
  if (!first || !step || !step->is(1) || dims == nullptr) return std::nullopt;
  return Positions{1, *first, dims->front()};
}

// Positions and a number, in this order or the other one.
std::optional<Positions> moved(const Graph& graph, const Node& sum, int steps) {
  for (const size_t side : {0, 1}) {
    const ValueId other = sum.inputs[1 - side];
    const auto offset = whole_number(graph, other);
    if (!offset || !is_one_element(graph, other)) continue;
    if (sum.op_type == "Sub" && side == 1) return std::nullopt;
    auto found = find(graph, sum.inputs[side], steps);
    if (!found) return std::nullopt;
    found->first = sum.op_type == "Sub" ? found->first - *offset : found->first + *offset;
    return found;
  }
  return std::nullopt;
}

std::optional<Positions> find(const Graph& graph, ValueId id, int steps) {
  static constexpr std::array<std::string_view, 5> kReshaping{"Reshape", "Unsqueeze", "Squeeze", "Flatten",
                                                              "Transpose"};
  if (steps == 0) return std::nullopt;
  if (is_constant(graph, id)) return of_constant(graph, id);
  if (graph.value(id).producer == NodeId::None) return std::nullopt;
  const Node& node = graph.node(graph.value(id).producer);
  if (!node.domain.empty()) return std::nullopt;
  if (node.op_type == "Range") return of_range(graph, node);
  if (node.op_type == "Add" || node.op_type == "Sub") return moved(graph, node, steps - 1);
  if (node.op_type == "Cast") {  // narrower types round, or wrap around
    const DType to = graph.value(id).type.dtype;
    const bool exact = to == DType::I64 || to == DType::I32 || to == DType::F32 || to == DType::F64;
    return exact ? find(graph, node.inputs[0], steps - 1) : std::nullopt;
  }
  const bool expands = node.op_type == "Expand";
  if (!expands && std::ranges::find(kReshaping, node.op_type) == kReshaping.end()) return std::nullopt;
  auto found = find(graph, node.inputs[0], steps - 1);
  const Dims* dims = dims_of(graph, id);
  if (!found || dims == nullptr) return std::nullopt;
  if (expands) return (*dims)[dims->size() - found->axis_from_back] == found->count ? found : std::nullopt;
  const auto axis = only_axis(dims, found->count);
  if (!axis || !only_axis(dims_of(graph, node.inputs[0]), found->count)) return std::nullopt;
  found->axis_from_back = *axis;
  return found;
}

}  // namespace

std::optional<Dim> whole_number(const Graph& graph, ValueId id) {
  if (const auto numbers = integers(graph, id)) {
    return numbers->size() == 1 ? std::optional<Dim>(numbers->front()) : std::nullopt;
  }
  const auto& contents = graph.value(id).contents;
  return contents && contents->size() == 1 ? std::optional(contents->front()) : std::nullopt;
}

std::optional<Positions> positions(const Graph& graph, ValueId id) {
  return find(graph, id, kMostSteps);
}

}  // namespace mica
