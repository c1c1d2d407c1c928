// Concat(Transpose(a), Transpose(b)) along the last axis   =>   Transpose(Concat(a, Transpose(b)))
// where Transpose(a) swaps the last two axes: so a cache of keys grows by keys that are written transposed.
#include <numeric>

#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(concat_transposes, Block) {
  const Pattern first = op("Transpose", {any("a")}).as("first");
  const Pattern second = op("Transpose", {any("b")}).as("second");
  return {op("Concat", {first, second}), [](Rewriter& g, const Match& m) {
            const auto outer = permutation(g.graph(), g.node("first"));
            auto inner = permutation(g.graph(), g.node("second"));
            if (!outer || !inner || outer->size() < 2) return ValueId::None;
            const int64_t rank = static_cast<int64_t>(outer->size());
            std::vector<int64_t> swapped(outer->size());
            std::iota(swapped.begin(), swapped.end(), 0);
            std::swap(swapped[outer->size() - 2], swapped[outer->size() - 1]);
            const int64_t axis = attribute(g.root(), "axis", 1);
            if (*outer != swapped || (axis != -1 && axis != rank - 1)) return ValueId::None;
            std::swap((*inner)[inner->size() - 2], (*inner)[inner->size() - 1]);
            const ValueId b = g.add("Transpose", 1, {m["b"]}, {{"perm", *inner}});
            const ValueId joined = g.add("Concat", 4, {m["a"], b}, {{"axis", rank - 2}});
            return g.add("Transpose", 1, {joined}, {{"perm", *outer}});
          }};
}

}  // namespace mica
