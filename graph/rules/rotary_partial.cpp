// Concat(RotaryEmbedding(first r of x), rest of x)   =>   RotaryEmbedding(x, rotary_embedding_dim = r)
// over the last axis of x, [batch, heads, length, width].
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

// Whether the value has the elements [begin, end) of the last axis of x, all others of the dims being the same.
bool is_cut(const Graph& graph, const Node& slice, int64_t begin, int64_t end, int64_t width) {
  const auto starts = integers(graph, slice, "starts", 1);
  const auto axes = integers(graph, slice, "axes", 3);
  const Dims* out = dims_of(graph, slice.outputs[0]);
  if (!starts || !axes || starts->size() != 1 || axes->size() != 1 || out == nullptr) return false;
  if (input_of(slice, 4) != ValueId::None && integers(graph, slice.inputs[4]) != std::vector<int64_t>{1}) return false;
  const int64_t start = starts->front() < 0 ? starts->front() + width : starts->front();
  return (axes->front() == 3 || axes->front() == -1) && start == begin && out->back().is(end - begin);
}

}  // namespace

MICA_RULE(rotary_partial, Block) {
  const Pattern x = any("x");
  const Pattern first = op("Slice", {x}).with_more_inputs().as("first");
  const Pattern rest = op("Slice", {x}).with_more_inputs().as("rest");
  const Pattern turned = op("RotaryEmbedding", {first, any("cos"), any("sin")}).as("turned");
  // Of [batch, length, heads, width], heads and width joined while it is turned.
  const Pattern joined = op("Reshape", {first, any("joined_shape")});
  const Pattern turned_joined = op("RotaryEmbedding", {joined, any("cos"), any("sin")}).as("turned");
  const Pattern parted = op("Reshape", {turned_joined, any("parted_shape")}).as("parted");
  return {
      op("Concat", {one_of({turned, parted}), rest}),
      [](Rewriter& g, const Match& m) {
        const Graph& graph = g.graph();
        const Dims* dims = dims_of(graph, m["x"]);
        const Dims* part = dims_of(graph, g.node("first").outputs[0]);
        if (dims == nullptr || part == nullptr || dims->size() != 4 || !dims->back().is_constant() ||
            !part->back().is_constant()) {
          return g.refuse("not of rank 4");
        }
        const int64_t width = dims->back().value(), turned = part->back().value();
        const int64_t axis = attribute(g.root(), "axis", 1);
        if (axis != 3 && axis != -1) return g.refuse("not along the last axis");
        if (!is_cut(graph, g.node("first"), 0, turned, width) || !is_cut(graph, g.node("rest"), turned, width, width)) {
          return g.refuse("it is not the beginning of x that is turned");
        }
        Attributes attributes = g.node("turned").attributes;
        if (attribute(g.node("turned"), "rotary_embedding_dim", 0) != 0) return g.refuse("it is partial already");
        attributes.insert_or_assign("rotary_embedding_dim", turned);
        if (!m.has("parted")) return g.add("RotaryEmbedding", 23, {m["x"], m["cos"], m["sin"]}, attributes);
        const Dims* heads = dims_of(graph, g.node("parted").outputs[0]);
        if (heads == nullptr || *heads != *part || !(*part)[2].is_constant() ||
            !(*part)[2].is(attribute(g.node("turned"), "num_heads", 0))) {
          return g.refuse("the heads are not those of x");
        }
        const int64_t count = (*part)[2].value();
        const auto shape = [&g](std::initializer_list<int64_t> dims) {
          return g.add_constant(Tensor::of<int64_t>({static_cast<int64_t>(dims.size())}, dims));
        };
        const ValueId x = g.add("Reshape", 5, {m["x"], shape({0, 0, count * width})});
        const ValueId y = g.add("RotaryEmbedding", 23, {x, m["cos"], m["sin"]}, attributes);
        return y == ValueId::None ? y : g.add("Reshape", 5, {y, shape({0, 0, count, width})});
      },
      true};
}

}  // namespace mica
