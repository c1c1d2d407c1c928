// Reshape(MatMul(Reshape(a, [n, s, t]), Reshape(b, [n, t, d])), [..., s, d])   =>   MatMul(a, b)
// where a is [..., s, t], b is [..., t, d], and only their leading axes are joined in between. There may be a Softmax
// over the rows of a, and b may be transposed: what lies between bmm and view of PyTorch.
#include <algorithm>
#include <numeric>

#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

// Whether `flat` is x with all axes but the last two joined.
bool joins_leading(const Dims* x, const Dims* flat) {
  return x != nullptr && flat != nullptr && x->size() > 3 && flat->size() == 3 &&
         std::equal(flat->begin() + 1, flat->end(), x->end() - 2);
}

bool is_over_last_axis(const Node& softmax) {
  const int64_t axis = attribute(softmax, "axis", softmax.opset < 13 ? 1 : -1);
  return axis == -1 || axis == 2;
}

ValueId rewrite(Rewriter& g, const Match& m) {
  const Graph& graph = g.graph();
  const Dims* a = dims_of(graph, m["a"]);
  const Dims* b = dims_of(graph, m["b"]);
  const Dims* y = dims_of(graph, g.replaced());
  if (!joins_leading(a, dims_of(graph, g.node("left").outputs[0])) ||
      !joins_leading(b, dims_of(graph, g.node("right").outputs[0]))) {
    return ValueId::None;
  }
  const size_t rank = a->size();
  const bool turned = m.has("turned");
  Dims wanted(a->begin(), a->end() - 1);
  wanted.push_back((*b)[turned ? rank - 2 : rank - 1]);
  if (b->size() != rank || !std::equal(a->begin(), a->end() - 2, b->begin()) || y == nullptr || *y != wanted) {
    return g.refuse("the leading axes differ");
  }
  ValueId left = m["a"], right = m["b"];
  if (turned) {
    const auto perm = permutation(graph, g.node("turned"));
    if (!perm || *perm != std::vector<int64_t>{0, 2, 1}) return ValueId::None;
    std::vector<int64_t> swapped(rank);
    std::iota(swapped.begin(), swapped.end(), 0);
    std::swap(swapped[rank - 1], swapped[rank - 2]);
    right = g.add("Transpose", 1, {right}, {{"perm", swapped}});
  }
  if (m.has("softmax")) {
    const Node& softmax = g.node("softmax");
    if (!is_over_last_axis(softmax)) return g.refuse("the softmax is not over the last axis");
    left = g.again(softmax, {left}, {{"axis", softmax.opset < 13 ? static_cast<int64_t>(rank) - 1 : int64_t{-1}}});
  }
  return left == ValueId::None || right == ValueId::None ? ValueId::None : g.add("MatMul", 1, {left, right});
}

}  // namespace

MICA_RULE(joined_batches, Canonical) {
  const Pattern flat_a = op("Reshape", {any("a")}).with_more_inputs().as("left");
  const Pattern flat_b = op("Reshape", {any("b")}).with_more_inputs().as("right");
  const Pattern left = one_of({op("Softmax", {flat_a}).as("softmax"), flat_a});
  const Pattern right = one_of({op("Transpose", {flat_b}).as("turned"), flat_b});
  return {op("Reshape", {op("MatMul", {left, right})}).with_more_inputs(), rewrite};
}

}  // namespace mica
