// Reshape, Flatten, Squeeze, Unsqueeze, Expand, Tile that give the dims they get   =>   x
// Split whose first part has all of them likewise
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(no_op_reshape, Canonical) {
  std::vector<Pattern> spellings;
  for (const auto* name : {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Expand", "Tile", "Split"}) {
    spellings.push_back(op(name, {any("x")}).with_more_inputs());
  }
  return {one_of(spellings), [](Rewriter& g, const Match& m) {
            const Dims* before = dims_of(g.graph(), m["x"]);
            const Dims* after = dims_of(g.graph(), g.replaced());
            const bool same = before != nullptr && after != nullptr && *before == *after;
            return same ? m["x"] : ValueId::None;
          }};
}

}  // namespace mica
