// d / sqrt(mean(d^2) + epsilon) * scale + bias,  d = x - mean(x)   =>   LayerNormalization(x, scale, bias)
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

// Whether the tensor has just the dims of x from the axis on.
static bool is_tail(const Dims* dims, const Dims& x, size_t axis) {
  return dims != nullptr && dims->size() == x.size() - axis && std::equal(dims->begin(), dims->end(), x.begin() + axis);
}

MICA_RULE(layer_norm, Fuse) {
  const Pattern x = any("x");
  const Pattern d = x - op("ReduceMean", {x}).with_more_inputs().as("mean");
  const Pattern variance = op("ReduceMean", {square(d)}).with_more_inputs().as("variance");
  const Pattern scaled = d / sqrt(variance + scalar("epsilon")) * any("scale");
  return {{scaled + any("bias"), scaled}, [](Rewriter& g, const Match& m) {
            const Graph& graph = g.graph();
            const auto axis = reduced_tail(graph, g.node("mean"));
            if (!axis || axis != reduced_tail(graph, g.node("variance"))) {
              return g.refuse("the means are not over the last axes");
            }
            const Dims& dims = *dims_of(graph, m["x"]);
            const size_t first = static_cast<size_t>(*axis);
            if (!is_tail(dims_of(graph, m["scale"]), dims, first)) return g.refuse("the scale has other dims");
            std::vector<ValueId> inputs{m["x"], m["scale"]};
            if (m.has("bias")) {
              if (!is_tail(dims_of(graph, m["bias"]), dims, first)) return g.refuse("the bias has other dims");
              inputs.push_back(m["bias"]);
            }
            const int64_t from_back = *axis - static_cast<int64_t>(dims.size());
            return g.add("LayerNormalization", 17, inputs,
                         {{"axis", from_back}, {"epsilon", static_cast<float>(g.number("epsilon"))}});
          }};
}

}  // namespace mica
