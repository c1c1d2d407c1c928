// Transpose(Transpose(x, p), q)   =>   Transpose(x, p[q])     which is x when that is the identity
#include <algorithm>

#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(transpose_pair, Canonical) {
  return {op("Transpose", {op("Transpose", {any("x")}).as("inner")}),
          [](Rewriter& g, const Match& m) {
            const auto inner = permutation(g.graph(), g.node("inner"));
            const auto outer = permutation(g.graph(), g.root());
            if (!inner || !outer) return g.refuse("the rank is not known");
            std::vector<int64_t> joined;
            for (const int64_t axis : *outer) joined.push_back((*inner)[static_cast<size_t>(axis)]);
            return std::ranges::is_sorted(joined) ? m["x"] : g.add("Transpose", 1, {m["x"]}, {{"perm", joined}});
          },
          true};
}

}  // namespace mica
