// Gather(Reshape(Transpose(Reshape(x, [n a, g, ..]), (1, 0, 2)), [g, n, a, ..]), k)   =>   x[:, k::g]
// where x is [n, a g, ..]: the channels of an image in g parts, each of every g-th channel, of which one is taken
#include "graph/facts.h"
#include "graph/rule.h"
#include "graph/slicing.h"

namespace mica {

MICA_RULE(gather_of_shuffle, Canonical) {
  const Pattern channels = op("Reshape", {any("x"), any("channels_shape")}).as("channels");
  const Pattern shuffled = op("Transpose", {channels}).as("transpose");
  const Pattern parts = op("Reshape", {shuffled, any("parts_shape")}).as("parts");
  return {op("Gather", {parts, constant("k")}),
          [](Rewriter& g, const Match& m) {
            const auto perm = permutation(g.graph(), g.node("transpose"));
            const auto index = integers(g.graph(), m["k"]);
            if (!perm || *perm != std::vector<int64_t>{1, 0, 2} || attribute(g.root(), "axis", 0) != 0 || !index ||
                g.constant("k").shape().rank() != 0) {
              return ValueId::None;
            }
            const Dims* x = dims_of(g.graph(), m["x"]);
            const Dims* y = dims_of(g.graph(), g.replaced());
            const Dims* channels = dims_of(g.graph(), g.node("channels").outputs[0]);
            const Dims* parts = dims_of(g.graph(), g.node("parts").outputs[0]);
            if (x == nullptr || y == nullptr || channels == nullptr || parts == nullptr) {
              return g.refuse("a rank is not known");
            }
            if (x->size() < 3 || x->size() != y->size() || !(*x)[1].is_constant() || !(*y)[1].is_constant() ||
                !(*channels)[1].is_constant()) {
              return ValueId::None;
            }
            const int64_t count = (*channels)[1].value(), of_part = (*y)[1].value();
            Dims part = *x;
            part[1] = of_part;
            if (of_part * count != (*x)[1].value() || *y != part || (*channels)[0] != (*x)[0] * of_part ||
                !parts->front().is(count)) {
              return ValueId::None;
            }
            const int64_t first = (*index)[0] < 0 ? (*index)[0] + count : (*index)[0];
            if (first < 0 || first >= count) return ValueId::None;
            return add_slice(g, m["x"], {{1, Cut{first, (*x)[1].value(), count}}});
          },
          true};
}

}  // namespace mica
