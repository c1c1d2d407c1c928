// Squeeze(Slice(x, i up to i + 1))   =>   Gather(x, i)     along the axis that is squeezed
#include "graph/facts.h"
#include "graph/rule.h"
#include "graph/slicing.h"

namespace mica {

MICA_RULE(slice_of_one, Canonical) {
  const Pattern slice = op("Slice", {any("x")}).with_more_inputs().as("slice");
  return {op("Squeeze", {slice}).with_more_inputs(), [](Rewriter& g, const Match& m) {
            const auto sliced = cuts(g.graph(), g.node("slice"));
            const Dims* dims = dims_of(g.graph(), m["x"]);
            auto axes = integers(g.graph(), g.root(), "axes", 1);
            if (!sliced || sliced->size() != 1 || !axes || axes->size() != 1) return ValueId::None;
            const auto& [axis, cut] = *sliced->begin();
            if ((*axes)[0] < 0) {
              if (dims == nullptr) return g.refuse("the rank is not known");
              (*axes)[0] += static_cast<int64_t>(dims->size());
            }
            const bool last = cut.start == -1 && cut.end >= Cut::kAnyEnd;
            const bool one = last || (cut.start != -1 && cut.end == cut.start + 1);
            if ((*axes)[0] != axis || cut.step != 1 || !one) return ValueId::None;
            if (cut.start < 0 && g.root().opset < 11) return g.refuse("its Gather does not count from the back");
            return g.add("Gather", 1, {m["x"], g.add_constant(Tensor::scalar(cut.start))}, {{"axis", axis}});
          }};
}

}  // namespace mica
