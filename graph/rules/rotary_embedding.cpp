// x cos(r) + rotate(x) sin(r),  r = Concat(f, f),  rotate(x) = Concat(-second half, first half of x)
//   =>   RotaryEmbedding(x, cos(f), sin(f))
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

// Whether a Slice takes [begin, end) of the last axis of x, whose length is `width`.
bool takes(const Rewriter& g, const Node& slice, int64_t begin, int64_t end, int64_t width) {
  const auto starts = integers(g.graph(), slice, "starts", 1);
  const auto ends = integers(g.graph(), slice, "ends", 2);
  const auto axes = integers(g.graph(), slice, "axes", 3);
  if (!starts || !ends || !axes || starts->size() != 1 || ends->size() != 1 || axes->size() != 1) return false;
  if (input_of(slice, 4) != ValueId::None) {
    const auto steps = integers(g.graph(), slice.inputs[4]);
    if (!steps || *steps != std::vector<int64_t>{1}) return false;
  }
  const auto bounded = [&](int64_t at) { return std::min(at < 0 ? at + width : at, width); };
  return ((*axes)[0] == 3 || (*axes)[0] == -1) && bounded((*starts)[0]) == begin && bounded((*ends)[0]) == end;
}

bool is_last(const Node& concat, int64_t rank) {
  const int64_t axis = attribute(concat, "axis", 1);
  return axis == -1 || axis == rank - 1;
}

}  // namespace

MICA_RULE(rotary_embedding, Fuse) {
  const Pattern x = any("x");
  const Pattern first = op("Slice", {x}).with_more_inputs().as("first");
  const Pattern second = op("Slice", {x}).with_more_inputs().as("second");
  const Pattern rotated = op("Concat", {-second, first}).as("rotated");
  const Pattern angles = op("Concat", {any("f"), any("f")}).as("angles");
  const Pattern cosine = op("Unsqueeze", {op("Cos", {angles})}).with_more_inputs().as("cos");
  const Pattern sine = op("Unsqueeze", {op("Sin", {angles})}).with_more_inputs().as("sin");
  return {
      x * cosine + rotated * sine,
      [](Rewriter& g, const Match& m) {
        const Graph& graph = g.graph();
        const Dims* x = dims_of(graph, m["x"]);
        const Dims* f = dims_of(graph, m["f"]);
        if (x == nullptr || f == nullptr || x->size() != 4 || f->size() != 3) return g.refuse("not of rank 4 and 3");
        if (!x->back().is_constant() || !is_last(g.node("rotated"), 4) || !is_last(g.node("angles"), 3)) {
          return g.refuse("not along the last axis");
        }
        const int64_t width = x->back().value();
        if (!takes(g, g.node("first"), 0, width / 2, width) || !takes(g, g.node("second"), width / 2, width, width)) {
          return g.refuse("x is not taken by halves");
        }
        if (*f != Dims{(*x)[0], (*x)[2], width / 2}) return g.refuse("there is not one angle for each pair");
        const Dims unsqueezed{(*x)[0], 1, (*x)[2], width};
        for (const auto* name : {"cos", "sin"}) {
          const Dims* dims = dims_of(graph, g.node(name).outputs[0]);
          if (dims == nullptr || *dims != unsqueezed) return g.refuse("heads are not on axis 1");
        }
        const ValueId cos = g.add("Cos", 7, {m["f"]});
        const ValueId sin = g.add("Sin", 7, {m["f"]});
        if (cos == ValueId::None || sin == ValueId::None) return ValueId::None;
        return g.add("RotaryEmbedding", 23, {m["x"], cos, sin});
      },
      true};
}

}  // namespace mica
