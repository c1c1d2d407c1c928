// Transpose(a, p) + Transpose(b, p)   =>   Transpose(a + b, p)     likewise other operators on two tensors
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(transposed_operands, Canonical) {
  const Pattern a = op("Transpose", {any("a")}).as("first");
  const Pattern b = op("Transpose", {any("b")}).as("second");
  std::vector<Pattern> spellings;
  for (const auto* name : {"Add", "Sub", "Mul", "Div", "Min", "Max"}) spellings.push_back(op(name, {a, b}));
  return {one_of(spellings), [](Rewriter& g, const Match& m) {
            if (g.root().opset < 7) return g.refuse("it broadcasts as before opset 7");
            const auto first = permutation(g.graph(), g.node("first"));
            const auto second = permutation(g.graph(), g.node("second"));
            if (!first || first != second) return g.refuse("they are transposed in different ways");
            const ValueId result = g.again(g.root(), {m["a"], m["b"]}, g.root().attributes);
            return result == ValueId::None ? result : g.add("Transpose", 1, {result}, {{"perm", *first}});
          }};
}

}  // namespace mica
