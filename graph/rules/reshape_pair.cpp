// Reshape(Reshape(x))   =>   Reshape(x)     the inner one may also be a Flatten, Squeeze or Unsqueeze
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(reshape_pair, Canonical) {
  std::vector<Pattern> inner;
  for (const auto* name : {"Reshape", "Flatten", "Squeeze", "Unsqueeze"}) {
    inner.push_back(op(name, {any("x")}).with_more_inputs());
  }
  return {op("Reshape", {one_of(inner), any("shape")}),
          [](Rewriter& g, const Match& m) {
            const auto shape = integers(g.graph(), m["shape"]);
            if (!shape) return ValueId::None;
            for (const int64_t dim : *shape) {
              if (dim == 0) return g.refuse("a dim is copied from the shape in between");
            }
            return g.add("Reshape", 5, {m["x"], m["shape"]});
          },
          true};
}

}  // namespace mica
