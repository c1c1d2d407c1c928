// Unsqueeze(Gather(x, i))   =>   Gather(x, [i])     where the axis that the Gather took away is put back
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(gather_of_one, Canonical) {
  const Pattern gather = op("Gather", {any("x"), constant("i")}).as("gather");
  return {op("Unsqueeze", {gather}).with_more_inputs(), [](Rewriter& g, const Match& m) {
            const auto axes = integers(g.graph(), g.root(), "axes", 1);
            const Tensor& index = g.constant("i");
            if (index.shape().rank() != 0 || !axes || axes->size() != 1) return ValueId::None;
            int64_t axis = attribute(g.node("gather"), "axis", 0);
            int64_t restored = (*axes)[0];
            if (axis < 0 || restored < 0) {
              const Dims* dims = dims_of(g.graph(), m["x"]);
              if (dims == nullptr) return g.refuse("the rank is not known");
              const auto rank = static_cast<int64_t>(dims->size());
              axis += axis < 0 ? rank : 0;
              restored += restored < 0 ? rank : 0;
            }
            if (axis != restored) return ValueId::None;
            const ValueId list = g.add_constant(index.reshaped(Shape{1}));
            return g.again(g.node("gather"), {m["x"], list}, g.node("gather").attributes);
          }};
}

}  // namespace mica
