// Reshape(x, computed shape)   =>   Reshape(x, constant)
// Reshape(Reshape(x))          =>   Reshape(x, constant)     likewise Flatten, Squeeze and Unsqueeze
// Dims that x has at the same place are written as 0, one other dim as -1. What computed the shape falls away.
#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/reshaped.h"
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

ValueId rewrite(Rewriter& g, const Match& m) {
  const Graph& graph = g.graph();
  const Dims* to = dims_of(graph, g.replaced());
  if (to == nullptr) return ValueId::None;
  // From the input on, back to where the elements come from.
  ValueId source = ValueId::None;
  std::optional<std::vector<int64_t>> shape;
  const auto consider = [&](ValueId id) {
    if (auto found = written_shape(dims_of(graph, id), *to)) {
      source = id;
      shape = std::move(found);
    }
  };
  const bool computed = g.root().op_type == "Reshape" && !is_constant(graph, g.root().inputs[1]);
  if (computed) consider(m["x"]);
  for (ValueId id = reshaped_from(graph, m["x"]); id != ValueId::None; id = reshaped_from(graph, id)) consider(id);
  if (source == ValueId::None) return computed ? g.refuse("two dims cannot be written: " + str(*to)) : ValueId::None;
  return add_reshape(g, source, *shape);
}

}  // namespace

MICA_RULE(reshape, Canonical) {
  std::vector<Pattern> spellings;
  for (const std::string_view name : kReshaping) spellings.push_back(op(name, {any("x")}).with_more_inputs());
  return {one_of(spellings), rewrite};
}

}  // namespace mica
