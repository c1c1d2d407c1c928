// (a cos - b sin, a sin + b cos)   =>   RotaryEmbedding(x, cos, sin)
// where a and b are the halves of x and the results are joined as such, or, interleaved, where (a, b) are the pairs of
// neighbours in x and so are the results.
#include "graph/facts.h"
#include "graph/rule.h"
#include "graph/rules/rotary.h"

namespace mica {

MICA_RULE(rotary_pairs, Fuse) {
  const auto column = [](const Pattern& x, const char* shape) {
    return one_of({op("Unsqueeze", {x}).with_more_inputs(), op("Reshape", {x, any(shape)})});
  };
  const Pattern a = any("a"), b = any("b"), cos = any("cos"), sin = any("sin");
  const Pattern first = a * cos - b * sin;
  const Pattern second = a * sin + b * cos;
  const Pattern halves = op("Concat", {first, second}).as("halves");
  const Pattern pairs = op("Concat", {column(first, "first_shape"), column(second, "second_shape")}).as("pairs");
  return {{op("Reshape", {pairs, any("shape")}), halves},
          [](Rewriter& g, const Match& m) {
            const Graph& graph = g.graph();
            // a cos - b sin does not tell (a, b) from (cos, sin).
            auto turned = turned_pairs(graph, m["a"], m["b"]);
            const bool in_order = turned.has_value();
            if (!in_order) turned = turned_pairs(graph, m["cos"], m["sin"]);
            if (!turned || turned->interleaved != m.has("pairs")) return ValueId::None;
            const ValueId cos = in_order ? m["cos"] : m["a"];
            const ValueId sin = in_order ? m["sin"] : m["b"];
            const Dims* out = dims_of(graph, g.replaced());
            const Dims* part = dims_of(graph, in_order ? m["a"] : m["cos"]);
            if (out == nullptr || part == nullptr || out->size() != 4 || part->size() != 4) {
              return g.refuse("not of rank 4");
            }
            Dims joined = *part;
            joined.back() = joined.back() * 2;
            if (*out != joined || !joined.back().is_constant()) return g.refuse("the pairs are not joined as x is");
            ValueId x = turned->x;
            if (turned->paired) {
              const ValueId shape = g.add_constant(Tensor::of<int64_t>({4}, {0, 0, 0, joined.back().value()}));
              x = g.add("Reshape", 5, {x, shape});
            }
            return rotary_embedding(g, x, cos, sin, turned->interleaved);
          },
          true};
}

}  // namespace mica
