#include "graph/slicing.h"

#include <numeric>
#include <vector>

#include "graph/facts.h"

namespace mica {

std::optional<std::map<int64_t, Cut>> cuts(const Graph& graph, const Node& slice) {
  const bool by_attribute = slice.opset < 10;
  const auto starts = integers(graph, slice, "starts", 1);
  const auto ends = integers(graph, slice, "ends", 2);
  if (!starts || !ends || starts->size() != ends->size()) return std::nullopt;
  std::vector<int64_t> axes(starts->size()), steps(starts->size(), 1);
  std::iota(axes.begin(), axes.end(), 0);
  const bool has_axes = by_attribute ? slice.attributes.contains("axes") : input_of(slice, 3) != ValueId::None;
  if (has_axes) {
    const auto given = integers(graph, slice, "axes", 3);
    if (!given || given->size() != axes.size()) return std::nullopt;
    axes = *given;
  }
  if (!by_attribute && input_of(slice, 4) != ValueId::None) {
    const auto given = integers(graph, slice.inputs[4]);
    if (!given || given->size() != axes.size()) return std::nullopt;
    steps = *given;
  }
  const Dims* dims = dims_of(graph, slice.inputs[0]);
  std::map<int64_t, Cut> result;
  for (size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] < 0 && dims == nullptr) return std::nullopt;
    const int64_t axis = axes[i] < 0 ? axes[i] + static_cast<int64_t>(dims->size()) : axes[i];
    if (!result.emplace(axis, Cut{(*starts)[i], (*ends)[i], steps[i]}).second) return std::nullopt;
  }
  return result;
}

ValueId add_slice(Rewriter& g, ValueId x, const std::map<int64_t, Cut>& cuts) {
  if (cuts.empty()) return x;
  std::vector<int64_t> starts, ends, axes, steps;
  bool steps_by_one = true;
  for (const auto& [axis, cut] : cuts) {
    axes.push_back(axis);
    starts.push_back(cut.start);
    ends.push_back(cut.end);
    steps.push_back(cut.step);
    steps_by_one &= cut.step == 1;
  }
  const Node& like = g.root();
  if (like.op_type == "Slice" && like.opset < 10) {
    return g.again(like, {x}, {{"starts", starts}, {"ends", ends}, {"axes", axes}});
  }
  const auto list = [&](const std::vector<int64_t>& numbers) {
    return g.add_constant(Tensor::of<int64_t>(Shape{static_cast<int64_t>(numbers.size())}, numbers));
  };
  std::vector<ValueId> inputs{x, list(starts), list(ends), list(axes)};
  if (!steps_by_one) inputs.push_back(list(steps));
  return g.add("Slice", 10, inputs);
}

}  // namespace mica
