// Attention(split(q c), k, v, scale)   =>   Attention(split(q), k, v, scale c)     for a number c
// where split gives the heads by Reshape, Transpose, or both.
#include <cmath>
#include <optional>

#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

// The scale of the scores; nullopt when it follows from a width that is not known.
std::optional<double> scale_of(const Graph& graph, const Node& attention) {
  if (attention.attributes.contains("scale")) return float_attribute(attention, "scale", 1);
  const Dims* q = dims_of(graph, attention.inputs[0]);
  if (q == nullptr || !q->back().is_constant()) return std::nullopt;
  const int64_t heads = q->size() == 3 ? attribute(attention, "q_num_heads", 0) : 1;
  const int64_t width = heads > 0 ? q->back().value() / heads : 0;
  return width > 0 ? std::optional(1 / std::sqrt(static_cast<double>(width))) : std::nullopt;
}

ValueId rewrite(Rewriter& g, const Match& m) {
  const auto scale = scale_of(g.graph(), g.root());
  const double factor = m.has("factor") ? g.number("factor") : 1 / g.number("divisor");
  if (!scale) return g.refuse("the width of the heads is not known");
  if (!(factor > 0 && std::isfinite(factor))) return g.refuse("the factor is not positive");
  if (!is_float(g.type(m["q"]).dtype)) return g.refuse("not of floating point");
  ValueId q = m["q"];
  for (const auto* step : {"cut", "turned"}) {
    if (q == ValueId::None || !m.has(step)) continue;
    const Node& node = g.node(step);
    std::vector<ValueId> inputs(node.inputs.begin(), node.inputs.begin() + static_cast<int64_t>(node.formal_inputs));
    inputs[0] = q;
    const Attributes attributes = node.attributes;
    q = g.again(node, std::move(inputs), attributes);
  }
  if (q == ValueId::None) return q;
  const Node& attention = g.root();
  std::vector<ValueId> inputs(attention.inputs.begin(),
                              attention.inputs.begin() + static_cast<int64_t>(attention.formal_inputs));
  inputs[0] = q;
  Attributes attributes = attention.attributes;
  attributes.insert_or_assign("scale", static_cast<float>(*scale * factor));
  return g.instead_of(attention, std::move(inputs), std::move(attributes));
}

}  // namespace

MICA_RULE(attention_query_scale, Block) {
  const Pattern q = any("q");
  const Pattern scaled = one_of({q * scalar("factor"), op("Div", {q, scalar("divisor")})});
  const Pattern cut = op("Reshape", {scaled}).with_more_inputs().as("cut");
  const Pattern split = one_of({op("Transpose", {one_of({cut, scaled})}).as("turned"), cut, scaled});
  return {op("Attention", {split, any("k"), any("v")}).with_more_inputs(), rewrite};
}

}  // namespace mica
