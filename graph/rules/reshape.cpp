// Reshape(x, computed shape)   =>   Reshape(x, constant)
// Reshape(Reshape(x))          =>   Reshape(x, constant)     likewise Flatten, Squeeze and Unsqueeze
// Dims that x has at the same place are written as 0, one other dim as -1. What computed the shape falls away.
#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

constexpr std::array<std::string_view, 4> kReshaping{"Reshape", "Flatten", "Squeeze", "Unsqueeze"};

// The input of the node that gives the value, when that only reshapes.
ValueId reshaped_from(const Graph& graph, ValueId id) {
  const NodeId producer = graph.value(id).producer;
  if (producer == NodeId::None) return ValueId::None;
  const Node& node = graph.node(producer);
  const bool reshapes = node.domain.empty() && std::ranges::find(kReshaping, node.op_type) != kReshaping.end();
  return reshapes ? node.inputs[0] : ValueId::None;
}

// With -1 the other dims must not be 0: the missing one could not be told then.
std::optional<std::vector<int64_t>> written(const Dims* from, const Dims& to) {
  if (from == nullptr) return std::nullopt;
  std::vector<int64_t> shape;
  bool open = false;
  bool nonzero = true;
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i].is_constant() && !to[i].is(0)) {
      shape.push_back(to[i].value());
    } else if (i < from->size() && (*from)[i] == to[i]) {
      shape.push_back(0);
      nonzero &= to[i].lower_bound().value_or(0) > 0;
    } else if (!open) {
      open = true;
      shape.push_back(-1);
    } else {
      return std::nullopt;
    }
  }
  if (open && !nonzero) return std::nullopt;
  return shape;
}

ValueId rewrite(Rewriter& g, const Match& m) {
  const Graph& graph = g.graph();
  const Dims* to = dims_of(graph, g.replaced());
  if (to == nullptr) return ValueId::None;
  // From the input on, back to where the elements come from.
  ValueId source = ValueId::None;
  std::optional<std::vector<int64_t>> shape;
  const auto consider = [&](ValueId id) {
    if (auto found = written(dims_of(graph, id), *to)) {
      source = id;
      shape = std::move(found);
    }
  };
  const bool computed = g.root().op_type == "Reshape" && !is_constant(graph, g.root().inputs[1]);
  if (computed) consider(m["x"]);
  for (ValueId id = reshaped_from(graph, m["x"]); id != ValueId::None; id = reshaped_from(graph, id)) consider(id);
  if (source == ValueId::None) return computed ? g.refuse("two dims cannot be written: " + str(*to)) : ValueId::None;
  const Shape length{static_cast<int64_t>(shape->size())};
  return g.add("Reshape", 5, {source, g.add_constant(Tensor::of<int64_t>(length, *shape))});
}

}  // namespace

MICA_RULE(reshape, Canonical) {
  std::vector<Pattern> spellings;
  for (const std::string_view name : kReshaping) spellings.push_back(op(name, {any("x")}).with_more_inputs());
  return {one_of(spellings), rewrite};
}

}  // namespace mica
