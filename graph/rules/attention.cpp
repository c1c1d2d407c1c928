// MatMul(Softmax(scale * q k^T + mask), v)   =>   Attention(q, k, v, mask)
// The scale may stand on q, on k, on their product, or on several of these. A mask may also be subtracted, or
// written as Where(hidden, -inf, scores). Scores may be capped: cap tanh(scores / cap). A row that is hidden as a whole
// is 0 in our operator; it is NaN in the pattern, or 0 where that guards the softmax by Where(IsNaN(p), 0, p).
#include <algorithm>
#include <cmath>
#include <optional>

#include "graph/facts.h"
#include "graph/rule.h"
#include "graph/rules/attention_mask.h"

namespace mica {
namespace {

double total_scale(const Rewriter& g, const Match& m) {
  double scale = 1;
  for (const auto* name : {"scale", "q_scale", "k_scale", "kt_scale", "cap_scale"})
    scale *= m.has(name) ? g.number(name) : 1;
  for (const auto* name : {"divisor", "q_divisor", "cap_divisor"}) scale /= m.has(name) ? g.number(name) : 1;
  return scale;
}

// Whether the mask broadcasts to the scores and has all their columns: the operator pads a narrower one with -inf.
bool covers(const Dims* mask, const Dims& scores) {
  if (mask == nullptr || mask->size() < 2 || mask->size() > scores.size()) return false;
  const auto aligned = scores.end() - static_cast<std::ptrdiff_t>(mask->size());
  const auto fits = [](const Dim& a, const Dim& b) { return same_where_valid(a, b) || a.is(1); };
  return same_where_valid(mask->back(), scores.back()) && std::equal(mask->begin(), mask->end(), aligned, fits);
}

// [batch, heads, length, width] of queries, keys and values belong together; or [batch, length, width].
bool belong_together(const Dims* q, const Dims* k, const Dims* v, size_t rank) {
  if (q == nullptr || k == nullptr || v == nullptr || q->size() != rank || k->size() != rank || v->size() != rank) {
    return false;
  }
  for (size_t axis = 0; axis < rank - 2; ++axis) {
    if ((*q)[axis] != (*k)[axis] || (*k)[axis] != (*v)[axis]) return false;
  }
  return q->back() == k->back() && (*k)[rank - 2] == (*v)[rank - 2];
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
  // Beside a score that is shown, exp(-10000) is 0 for all but scores near -10000.
  if (fill <= kHidingNumber && m.has("shown") && shows_a_key(g.graph(), which)) return which;
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
  const size_t rank = softmax_dims == nullptr ? 0 : softmax_dims->size();
  if ((rank != 3 && rank != 4) || !perm || perm->size() != rank) return g.refuse("not of rank 3 or 4");
  const Dims scores = *softmax_dims;
  const int64_t axis = attribute(softmax, "axis", softmax.opset < 13 ? 1 : -1);
  if (axis != -1 && axis != static_cast<int64_t>(rank) - 1) return g.refuse("the softmax is not over the last axis");
  if (!is_float(g.type(m["q"]).dtype)) return g.refuse("not of floating point");
  if (m.has("guard") && g.target() == Target::Portable) return g.refuse("other engines may give NaN for hidden rows");
  const double cap = m.has("cap") ? g.number("cap") : 0;
  const double scale = total_scale(g, m) * (m.has("cap") ? cap : 1);
  if (!(scale > 0 && std::isfinite(scale)) || !(cap >= 0)) return g.refuse("the scale is not positive");

  std::swap((*perm)[rank - 2], (*perm)[rank - 1]);
  const bool as_is = std::ranges::is_sorted(*perm);
  const ValueId k = as_is ? m["k"] : g.add("Transpose", 1, {m["k"]}, {{"perm", *perm}});
  if (!belong_together(dims_of(graph, m["q"]), dims_of(graph, k), dims_of(graph, m["v"]), rank)) {
    return g.refuse("batches, heads or lengths differ or are not known");
  }
  const auto mask = mask_input(g, m);
  if (!mask) return ValueId::None;
  std::vector<ValueId> inputs{m["q"], k, m["v"]};
  if (*mask != ValueId::None) {
    const Dims* mask_dims = dims_of(graph, *mask);
    if (!covers(mask_dims, scores)) return g.refuse("the mask does not have the dims of the scores");
    const bool batches = rank == 3 && mask_dims->size() == 3;  // [batch, 1, queries, keys] for the operator
    const auto first = batches ? std::optional(g.add_constant(Tensor::of<int64_t>({1}, {1}))) : std::nullopt;
    inputs.push_back(first ? g.add("Unsqueeze", 13, {*mask, *first}) : *mask);
    if (inputs.back() == ValueId::None) return ValueId::None;
  }
  Attributes attributes{{"scale", static_cast<float>(scale)}};
  if (m.has("cap")) attributes.insert_or_assign("softcap", static_cast<float>(cap));
  if (rank == 3) {  // one head
    attributes.insert_or_assign("q_num_heads", int64_t{1});
    attributes.insert_or_assign("kv_num_heads", int64_t{1});
  }
  return g.add("Attention", 23, inputs, attributes);
}

}  // namespace

MICA_RULE(attention, Block) {
  const Pattern q = any("q");
  const Pattern k = any("k");
  const Pattern query = one_of({q * scalar("q_scale"), op("Div", {q, scalar("q_divisor")}), q});
  const Pattern turned = op("Transpose", {one_of({k * scalar("k_scale"), k})}).as("transpose");
  const Pattern product = op("MatMul", {query, one_of({turned * scalar("kt_scale"), turned})});
  const Pattern scaled = one_of({product * scalar("scale"), op("Div", {product, scalar("divisor")}), product});
  const Pattern part = one_of({scaled * scalar("cap_scale"), op("Div", {scaled, scalar("cap_divisor")}), scaled});
  const Pattern capped = one_of({tanh(part) * scalar("cap"), scaled});
  const Pattern masked = one_of({capped + any("bias") + any("mask"), capped + any("mask"), capped - any("penalty"),
                                 op("Where", {any("hidden"), scalar("fill"), capped}),
                                 op("Where", {any("shown"), capped, scalar("fill")}), capped});
  const Pattern p = op("Softmax", {masked}).as("softmax");
  const Pattern guarded = op("Where", {op("IsNaN", {p}), 0.0, p}).as("guard");
  return {op("MatMul", {one_of({guarded, p}), any("v")}), fuse};
}

}  // namespace mica
