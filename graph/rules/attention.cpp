// MatMul(Softmax(scale * q k^T + mask), v)   =>   Attention(q, k, v, mask)
// The scale may stand on q, on k, on their product, or on several of these. A mask may also be subtracted, or
// written as Where(hidden, -inf, scores). A row that is hidden as a whole is 0 in our operator; it is NaN in the
// pattern, or 0 where that guards the softmax by Where(IsNaN(p), 0, p).
#include <algorithm>
#include <cmath>
#include <optional>

#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

double total_scale(const Rewriter& g, const Match& m) {
  double scale = 1;
  for (const auto* name : {"scale", "q_scale", "k_scale", "kt_scale"}) scale *= m.has(name) ? g.number(name) : 1;
  for (const auto* name : {"divisor", "q_divisor"}) scale /= m.has(name) ? g.number(name) : 1;
  return scale;
}

// Whether the mask broadcasts to the scores and has all their columns: the operator pads a narrower one with -inf.
bool covers(const Dims* mask, const Dims& scores) {
  if (mask == nullptr || mask->size() < 2 || mask->size() > scores.size()) return false;
  const auto aligned = scores.end() - static_cast<std::ptrdiff_t>(mask->size());
  const auto fits = [](const Dim& a, const Dim& b) { return same_where_valid(a, b) || a.is(1); };
  return same_where_valid(mask->back(), scores.back()) && std::equal(mask->begin(), mask->end(), aligned, fits);
}

// [batch, heads, length, width] of queries, keys and values belong together.
bool belong_together(const Dims* q, const Dims* k, const Dims* v) {
  if (q == nullptr || k == nullptr || v == nullptr || q->size() != 4 || k->size() != 4 || v->size() != 4) return false;
  return (*q)[0] == (*k)[0] && (*k)[0] == (*v)[0] && (*q)[1] == (*k)[1] && (*k)[1] == (*v)[1] && (*q)[3] == (*k)[3] &&
         (*k)[2] == (*v)[2];
}

Tensor zero(DType dtype) {
  Tensor tensor(dtype, Shape{});
  std::fill_n(static_cast<char*>(tensor.mutable_raw()), tensor.bytes(), 0);
  return tensor;
}

// The mask as the operator takes it, None without one, nullopt after a refusal.
std::optional<ValueId> mask_input(Rewriter& g, const Match& m) {
  const auto checked = [](ValueId id) { return id == ValueId::None ? std::nullopt : std::optional(id); };
  if (m.has("bias")) return checked(g.add("Add", 7, {m["bias"], m["mask"]}));
  if (m.has("penalty")) return checked(g.add("Neg", 6, {m["penalty"]}));
  if (m.has("mask")) return m["mask"];
  if (!m.has("fill")) return ValueId::None;
  const double fill = g.number("fill");
  const ValueId which = m.has("hidden") ? m["hidden"] : m["shown"];
  if (fill == -INFINITY) return m.has("shown") ? which : checked(g.add("Not", 1, {which}));
  // A score added to such a number is lost in it.
  if (!(fill < -1e30)) {
    g.refuse("masked scores are replaced by a number that is neither -inf nor near it");
    return std::nullopt;
  }
  const ValueId none = g.add_constant(zero(g.type(m["q"]).dtype));
  const ValueId yes = m.has("hidden") ? m["fill"] : none;
  return checked(g.add("Where", 9, {which, yes, yes == none ? m["fill"] : none}));
}

ValueId fuse(Rewriter& g, const Match& m) {
  const Graph& graph = g.graph();
  const Node& softmax = g.node("softmax");
  const Dims* softmax_dims = dims_of(graph, softmax.outputs[0]);
  auto perm = permutation(graph, g.node("transpose"));
  if (softmax_dims == nullptr || softmax_dims->size() != 4 || !perm) return g.refuse("not of rank 4");
  const Dims scores = *softmax_dims;
  const int64_t axis = attribute(softmax, "axis", softmax.opset < 13 ? 1 : -1);
  if (axis != -1 && axis != 3) return g.refuse("the softmax is not over the last axis");
  if (!is_float(g.type(m["q"]).dtype)) return g.refuse("not of floating point");
  if (m.has("guard") && g.target() == Target::Portable) return g.refuse("other engines may give NaN for hidden rows");
  const double scale = total_scale(g, m);
  if (!(scale > 0 && std::isfinite(scale))) return g.refuse("the scale is not positive");

  std::swap((*perm)[2], (*perm)[3]);
  const bool as_is = std::ranges::is_sorted(*perm);
  const ValueId k = as_is ? m["k"] : g.add("Transpose", 1, {m["k"]}, {{"perm", *perm}});
  if (!belong_together(dims_of(graph, m["q"]), dims_of(graph, k), dims_of(graph, m["v"]))) {
    return g.refuse("batches, heads or lengths differ or are not known");
  }
  const auto mask = mask_input(g, m);
  if (!mask) return ValueId::None;
  std::vector<ValueId> inputs{m["q"], k, m["v"]};
  if (*mask != ValueId::None) {
    if (!covers(dims_of(graph, *mask), scores)) return g.refuse("the mask does not have the dims of the scores");
    inputs.push_back(*mask);
  }
  return g.add("Attention", 23, inputs, {{"scale", static_cast<float>(scale)}});
}

}  // namespace

MICA_RULE(attention, Block) {
  const Pattern q = any("q");
  const Pattern k = any("k");
  const Pattern query = one_of({q * scalar("q_scale"), op("Div", {q, scalar("q_divisor")}), q});
  const Pattern turned = op("Transpose", {one_of({k * scalar("k_scale"), k})}).as("transpose");
  const Pattern product = op("MatMul", {query, one_of({turned * scalar("kt_scale"), turned})});
  const Pattern scaled = one_of({product * scalar("scale"), op("Div", {product, scalar("divisor")}), product});
  const Pattern masked = one_of({scaled + any("bias") + any("mask"), scaled + any("mask"), scaled - any("penalty"),
                                 op("Where", {any("hidden"), scalar("fill"), scaled}),
                                 op("Where", {any("shown"), scaled, scalar("fill")}), scaled});
  const Pattern p = op("Softmax", {masked}).as("softmax");
  const Pattern guarded = op("Where", {op("IsNaN", {p}), 0.0, p}).as("guard");
  return {op("MatMul", {one_of({guarded, p}), any("v")}), fuse};
}

}  // namespace mica
