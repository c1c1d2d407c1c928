// Reshape(x, computed shape)   =>   Reshape(x, constant)
// Dims that x has at the same place are written as 0, one other dim as -1. What computed the shape falls away.
#include <optional>

#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

// With -1 the other dims must not be 0: the missing one could not be told then.
static std::optional<std::vector<int64_t>> written(const Dims& from, const Dims& to) {
  std::vector<int64_t> shape;
  std::optional<size_t> open;
  bool nonzero = true;
  for (size_t i = 0; i < to.size(); ++i) {
    const bool copied = i < from.size() && from[i] == to[i];
    if (to[i].is_constant() && !to[i].is(0)) {
      shape.push_back(to[i].value());
    } else if (copied) {
      shape.push_back(0);
      nonzero &= to[i].lower_bound().value_or(0) > 0;
    } else if (!open) {
      open = i;
      shape.push_back(-1);
    } else {
      return std::nullopt;
    }
  }
  if (open && !nonzero) return std::nullopt;
  return shape;
}

MICA_RULE(reshape_shape, Canonical) {
  return {op("Reshape", {any("x"), any("shape")}), [](Rewriter& g, const Match& m) {
            if (is_constant(g.graph(), m["shape"])) return ValueId::None;
            const Dims* from = dims_of(g.graph(), m["x"]);
            const Dims* to = dims_of(g.graph(), g.replaced());
            if (from == nullptr || to == nullptr) return g.refuse("a rank is not known");
            const auto shape = written(*from, *to);
            if (!shape) return g.refuse("two dims cannot be written: " + str(*from) + " to " + str(*to));
            const Shape length{static_cast<int64_t>(shape->size())};
            return g.add("Reshape", 5, {m["x"], g.add_constant(Tensor::of<int64_t>(length, *shape))});
          }};
}

}  // namespace mica
