// Reshape(Transpose(Reshape(x, [n, s, d]), (0, 2, 1)), [..., d, s])   =>   Transpose(x) of the last two axes
// where x is [..., s, d]: only the leading axes are joined in between.
#include <algorithm>
#include <numeric>

#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(transpose_in_reshapes, Canonical) {
  const Pattern joined = op("Reshape", {any("x"), any("joined_shape")}).as("joined");
  return {op("Reshape", {op("Transpose", {joined}).as("transpose"), any("shape")}), [](Rewriter& g, const Match& m) {
            const auto perm = permutation(g.graph(), g.node("transpose"));
            if (!perm || *perm != std::vector<int64_t>{0, 2, 1}) return ValueId::None;
            const Dims* x = dims_of(g.graph(), m["x"]);
            const Dims* y = dims_of(g.graph(), g.replaced());
            const Dims* joined = dims_of(g.graph(), g.node("joined").outputs[0]);
            if (x == nullptr || y == nullptr || joined == nullptr) return g.refuse("a rank is not known");
            const size_t rank = x->size();
            if (rank < 3 || !std::equal(x->end() - 2, x->end(), joined->end() - 2)) return ValueId::None;
            Dims wanted = *x;
            std::swap(wanted[rank - 1], wanted[rank - 2]);
            if (*y != wanted) return ValueId::None;
            std::vector<int64_t> swapped(rank);
            std::iota(swapped.begin(), swapped.end(), 0);
            std::swap(swapped[rank - 1], swapped[rank - 2]);
            return g.add("Transpose", 1, {m["x"]}, {{"perm", swapped}});
          }};
}

}  // namespace mica
