// One element of Shape(f(x))   =>   that element of Shape(x)     where f keeps the length of the axis
// The length is read as far up as it is found, so that what lies between has no other user than what computes with it.
// In our own plans a length that is the sum of two lengths of inputs, as of a cache and what is new, is read from
// these.
#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

constexpr size_t kMaxVisited = 64;

struct Place {
  ValueId value;
  int64_t axis;
};

// The axis of the value that has this length.
std::optional<int64_t> axis_of(const Graph& graph, ValueId value, const Dim& length) {
  const Dims* dims = dims_of(graph, value);
  if (dims == nullptr) return std::nullopt;
  const auto found = std::ranges::find(*dims, length);
  return found == dims->end() ? std::nullopt : std::optional<int64_t>(found - dims->begin());
}

// The furthest of the values that `from` is computed from, through values that all have an axis of the length.
std::optional<Place> source(const Graph& graph, ValueId from, const Dim& length) {
  std::optional<Place> best;
  std::set<ValueId> seen{from};
  std::vector<ValueId> ahead{from};
  for (size_t at = 0; at < ahead.size() && at < kMaxVisited; ++at) {
    const NodeId producer = graph.value(ahead[at]).producer;
    if (producer == NodeId::None) continue;
    for (const ValueId input : graph.node(producer).inputs) {
      if (input == ValueId::None || is_constant(graph, input) || !seen.insert(input).second) continue;
      const auto axis = axis_of(graph, input, length);
      if (!axis) continue;
      best = {input, *axis};
      ahead.push_back(input);
    }
  }
  return best;
}

// Lengths of two inputs that make up the length.
std::optional<std::pair<Place, Place>> summands(const Graph& graph, const Dim& length) {
  std::vector<std::pair<Place, Dim>> lengths;
  for (const ValueId input : graph.inputs) {
    const Dims* dims = dims_of(graph, input);
    for (size_t axis = 0; dims != nullptr && axis < dims->size(); ++axis) {
      if (!(*dims)[axis].is(0)) lengths.push_back({{input, static_cast<int64_t>(axis)}, (*dims)[axis]});
    }
    if (lengths.size() > kMaxVisited) break;
  }
  for (const auto& [a, first] : lengths) {
    for (const auto& [b, second] : lengths) {
      if (!first.is_constant() && first + second == length) return std::pair(a, b);
    }
  }
  return std::nullopt;
}

// The length of one axis, of the dims of the index.
ValueId length_of(Rewriter& g, const Place& place, const Shape& index) {
  const ValueId shape = g.add("Shape", 1, {place.value});
  const ValueId axis = g.add_constant(Tensor::of<int64_t>(index, {place.axis}));
  return g.add("Gather", 1, {shape, axis}, {{"axis", int64_t{0}}});
}

}  // namespace

MICA_RULE(shape_source, Canonical) {
  const Pattern shape = op("Shape", {any("x")});
  return {{op("Gather", {shape, any("index")}), op("Slice", {shape}).with_more_inputs()},
          [](Rewriter& g, const Match& m) {
            const Graph& graph = g.graph();
            const Value& element = graph.value(g.replaced());
            const Dims* dims = dims_of(graph, g.replaced());
            if (!element.contents || element.contents->size() != 1 || dims == nullptr) return ValueId::None;
            const Dim length = element.contents->front();
            if (length.is_constant()) return ValueId::None;
            const Shape index = dims->empty() ? Shape{} : Shape{1};
            const auto found = source(graph, m["x"], length);
            const ValueId at = found ? found->value : m["x"];
            if (g.target() == Target::Mica && !comes_from_outside(graph, at)) {
              if (const auto parts = summands(graph, length)) {
                const ValueId first = length_of(g, parts->first, index);
                return g.add("Add", 7, {first, length_of(g, parts->second, index)});
              }
            }
            return found ? length_of(g, *found, index) : ValueId::None;
          },
          true};
}

}  // namespace mica
