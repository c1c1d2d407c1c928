// LayerNormalization(a + b)   =>   SkipLayerNormalization(a, b), which gives the sum too     likewise RMSNormalization
// over the last axis, for our own plans: the sum is normalised while it is in the cache. A sum that a product can add
// as its residual is no longer there at this stage, and better so: the product writes it instead of its result.
#include <algorithm>

#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

// Whether b is added to each row of a, or to each block of as many rows as b has.
bool repeats(const Dims& b, const Dims& a) {
  if (b.empty() || b.size() > a.size() || b.back() != a.back()) return false;
  const auto [at_b, at_a] = std::mismatch(b.rbegin(), b.rend(), a.rbegin(), same_where_valid);
  return std::all_of(at_b, b.rend(), [](const Dim& dim) { return dim.is(1); });
}

bool is_row(const Graph& graph, ValueId id, const Dim& width) {
  const Dims* dims = dims_of(graph, id);
  return dims != nullptr && *dims == Dims{width};
}

ValueId fuse(Rewriter& g, const Match& m) {
  if (g.target() != Target::Mica) return ValueId::None;
  const Graph& graph = g.graph();
  const Node& norm = g.root();
  const bool rms = norm.op_type == "RMSNormalization";
  const ValueId sum = g.node("sum").outputs[0];
  const Dims* dims = dims_of(graph, sum);
  const Dims* a = dims_of(graph, m["a"]);
  const Dims* b = dims_of(graph, m["b"]);
  if (dims == nullptr || dims->empty() || a == nullptr || b == nullptr) return g.refuse("the dims are not known");
  const int64_t axis = attribute(norm, "axis", -1);
  if (axis != -1 && axis != static_cast<int64_t>(dims->size()) - 1) return g.refuse("not over the last axis");
  if (!is_float(g.type(sum).dtype) || attribute(norm, "stash_type", 1) != 1) return g.refuse("not computed as float");
  for (size_t i = 1; i < norm.outputs.size(); ++i) {
    if (norm.outputs[i] != ValueId::None) return g.refuse("more than the norm is used");
  }
  for (size_t i = 1; i < norm.formal_inputs; ++i) {
    if (norm.inputs[i] != ValueId::None && !is_row(graph, norm.inputs[i], dims->back())) {
      return g.refuse("scale or bias is not a row");
    }
  }
  ValueId x = m["a"], skip = m["b"];
  if (*a != *dims) std::swap(a, b), std::swap(x, skip);
  if (*a != *dims || !repeats(*b, *a)) return g.refuse("neither side is repeated row by row");
  std::vector<ValueId> inputs{x, skip, norm.inputs[1]};
  if (!rms && input_of(norm, 2) != ValueId::None) inputs.push_back(norm.inputs[2]);
  const bool is_used = graph.is_output(sum) || graph.uses(sum).size() > 1;
  const std::string_view type = rms ? "SkipSimplifiedLayerNormalization" : "SkipLayerNormalization";
  const float epsilon = float_attribute(norm, "epsilon", 1e-5f);
  const std::vector<bool> wanted = is_used ? std::vector<bool>{true, false, false, true} : std::vector<bool>{true};
  const auto outputs = g.add({"com.microsoft", type, 1}, std::move(inputs), {{"epsilon", epsilon}}, wanted);
  if (outputs.empty()) return ValueId::None;
  if (is_used) g.replace_too(sum, outputs[3]);
  return outputs[0];
}

}  // namespace

MICA_RULE(skip_norm, Rest) {
  const Pattern sum = op("Add", {any("a"), any("b")}).as("sum");
  std::vector<Pattern> patterns;
  for (const auto* norm : {"LayerNormalization", "RMSNormalization"}) {
    patterns.push_back(op(norm, {sum}).with_more_inputs());
  }
  return {patterns, fuse, true};
}

}  // namespace mica
