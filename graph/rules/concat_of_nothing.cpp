// Concat(a, nothing, b)   =>   Concat(a, b)     where a part has no elements along the axis
#include <algorithm>

#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(concat_of_nothing, Canonical) {
  return {op("Concat", {any("x")}).with_more_inputs(), [](Rewriter& g, const Match&) {
            const Dims* joined = dims_of(g.graph(), g.replaced());
            if (joined == nullptr) return ValueId::None;
            int64_t axis = attribute(g.root(), "axis", 1);
            axis += axis < 0 ? static_cast<int64_t>(joined->size()) : 0;
            const auto is_nothing = [&](ValueId part) {
              const Dims* dims = dims_of(g.graph(), part);
              return dims != nullptr && axis < static_cast<int64_t>(dims->size()) &&
                     (*dims)[static_cast<size_t>(axis)].is(0);
            };
            std::vector<ValueId> inputs = g.root().inputs;
            std::erase_if(inputs, is_nothing);
            if (inputs.empty() || inputs.size() == g.root().inputs.size()) return ValueId::None;
            return g.again(g.root(), std::move(inputs), g.root().attributes);
          }};
}

}  // namespace mica
