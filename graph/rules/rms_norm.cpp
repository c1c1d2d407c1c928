// x / sqrt(mean(x^2) + epsilon) * scale   =>   RMSNormalization(x, scale)
// Half precision is normalised as float and scaled as it is: Cast(f / sqrt(mean(f^2) + epsilon)) * scale, f = Cast(x).
#include <algorithm>

#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

static Pattern normalised(const Pattern& x) {
  const Pattern mean = op("ReduceMean", {square(x)}).with_more_inputs().as("mean");
  return x / sqrt(mean + scalar("epsilon"));
}

MICA_RULE(rms_norm, Fuse) {
  const Pattern x = any("x");
  const Pattern scale = any("scale");
  return {{normalised(x) * scale, op("Cast", {normalised(op("Cast", {x}).as("widened"))}).as("narrowed") * scale},
          [](Rewriter& g, const Match& m) {
            const Graph& graph = g.graph();
            const auto axis = reduced_tail(graph, g.node("mean"));
            if (!axis) return g.refuse("the mean is not over the last axes");
            const Dims& dims = *dims_of(graph, m["x"]);
            const Dims* scale = dims_of(graph, m["scale"]);
            if (scale == nullptr || !std::ranges::equal(*scale, std::span(dims).subspan(static_cast<size_t>(*axis)))) {
              return g.refuse("the scale has other dims");
            }
            if (m.has("widened")) {
              const DType wide = g.type(g.node("widened").outputs[0]).dtype;
              const DType narrow = g.type(g.node("narrowed").outputs[0]).dtype;
              if (wide != DType::F32 || narrow != g.type(m["x"]).dtype) return g.refuse("it is not computed as float");
            }
            const int64_t from_back = *axis - static_cast<int64_t>(dims.size());
            return g.add("RMSNormalization", 23, {m["x"], m["scale"]},
                         {{"axis", from_back}, {"epsilon", static_cast<float>(g.number("epsilon"))}});
          }};
}

}  // namespace mica
