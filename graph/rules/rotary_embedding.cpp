// x cos + rotate(x) sin   =>   RotaryEmbedding(x, cos, sin)
// where rotate(x) = Concat(-second half, first half of x), and cos and sin have the angles of both halves; or,
// interleaved, where each pair of neighbours (a, b) of x becomes (-b, a), and cos and sin have each angle twice in
// succession.
#include "graph/rule.h"
#include "graph/rules/rotary.h"

namespace mica {

MICA_RULE(rotary_embedding, Fuse) {
  const auto column = [](const Pattern& x, const char* shape) {
    return one_of({op("Unsqueeze", {x}).with_more_inputs(), op("Reshape", {x, any(shape)})});
  };
  const Pattern second = -any("second");
  const Pattern first = any("first");
  const Pattern halves = op("Concat", {second, first}).as("halves");
  const Pattern pairs = op("Concat", {column(second, "second_shape"), column(first, "first_shape")}).as("pairs");
  const Pattern rotated = one_of({halves, op("Reshape", {pairs, any("shape")})});
  return {any("x") * any("cos") + rotated.as("rotated") * any("sin"),
          [](Rewriter& g, const Match& m) {
            const Graph& graph = g.graph();
            const auto turned = turned_pairs(graph, m["first"], m["second"]);
            if (!turned || turned->paired || turned->interleaved != m.has("pairs")) return ValueId::None;
            // A product does not tell its factors apart.
            const bool in_order = turned->x == m["x"];
            if (!in_order && turned->x != m["cos"]) return ValueId::None;
            const ValueId cos = half_table(g, in_order ? m["cos"] : m["x"], turned->interleaved);
            const ValueId sin = half_table(g, m["sin"], turned->interleaved);
            if (cos == ValueId::None || sin == ValueId::None) return ValueId::None;
            return rotary_embedding(g, turned->x, cos, sin, turned->interleaved);
          },
          true};
}

}  // namespace mica
