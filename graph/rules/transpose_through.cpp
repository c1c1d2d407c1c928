// Transpose(f(Transpose(x, p)), q)        =>   f(x), or f of one Transpose     for an f of each element by itself
#include <algorithm>
#include <array>

#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

constexpr std::array<std::string_view, 22> kUnary{
    "Abs", "Cast",      "Ceil", "Clip", "Cos",   "Elu",       "Erf",     "Exp",  "Floor", "Gelu", "HardSigmoid",
    "Log", "LeakyRelu", "Neg",  "Relu", "Round", "HardSwish", "Sigmoid", "Sign", "Sin",   "Sqrt", "Tanh"};

ValueId rewrite(Rewriter& g, const Match& m) {
  const auto inner = permutation(g.graph(), g.node("inner"));
  const auto outer = permutation(g.graph(), g.root());
  if (!inner || !outer || inner->size() != outer->size()) return g.refuse("the rank is not known");
  std::vector<int64_t> joined;
  for (const int64_t axis : *outer) joined.push_back((*inner)[static_cast<size_t>(axis)]);
  ValueId x = m["x"];
  if (!std::ranges::is_sorted(joined)) x = g.add("Transpose", 1, {x}, {{"perm", joined}});
  const Node& f = g.node("f");
  std::vector<ValueId> inputs(f.inputs.begin(), f.inputs.begin() + static_cast<int64_t>(f.formal_inputs));
  inputs[0] = x;
  return x == ValueId::None ? x : g.again(f, std::move(inputs), f.attributes);
}

}  // namespace

MICA_RULE(transpose_through, Canonical) {
  const Pattern inner = op("Transpose", {any("x")}).as("inner");
  std::vector<Pattern> spellings;
  for (const std::string_view name : kUnary) spellings.push_back(op(name, {inner}).with_more_inputs().as("f"));
  return {op("Transpose", {one_of(spellings)}), rewrite};
}

}  // namespace mica
