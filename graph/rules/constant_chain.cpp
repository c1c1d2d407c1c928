// (x + a) + b   =>   x + (a + b)
// (x * a) * b   =>   x * (a * b)
// for constants of which neither enlarges the other.
#include <cmath>

#include "graph/edit.h"
#include "graph/linear.h"
#include "graph/rule.h"

namespace mica {
namespace {

// Of floating point, what a and b make must be as good as they are: where they nearly cancel out, or leave the range,
// the order matters, and may be there for that.
std::string risk(const Tensor& a, const Tensor& b, bool sums) {
  if (!is_float(a.dtype())) return "";
  const auto x = floats(a), y = floats(b);
  if (!x || !y) return "narrow numbers would be rounded once more";
  for (size_t i = 0; i < std::max(x->size(), y->size()); ++i) {
    const double p = (*x)[x->size() == 1 ? 0 : i];
    const double q = (*y)[y->size() == 1 ? 0 : i];
    const double both = sums ? p + q : p * q;
    if (!(std::abs(both) < 1e30)) return "the numbers are large";
    if (sums && std::abs(both) < std::max(std::abs(p), std::abs(q)) / 2) return "the numbers cancel out";
    if (!sums && std::abs(both) < 1e-30 && p != 0 && q != 0) return "the numbers are small";
  }
  return "";
}

ValueId rewrite(Rewriter& g, const Match& m) {
  const Tensor& a = g.constant("a");
  const Tensor& b = g.constant("b");
  const bool fit = a.shape() == b.shape() || a.elements() == 1 || b.elements() == 1;
  if (!fit || a.dtype() != b.dtype()) return g.refuse("one would enlarge the other");
  const bool sums = g.root().op_type == "Add";
  if (g.root().opset < 7) return g.refuse("it broadcasts as before opset 7");
  if (const std::string why = risk(a, b, sums); !why.empty()) return g.refuse(why);
  const ValueId both = g.add(g.root().op_type, 7, {m["a"], m["b"]});
  return both == ValueId::None ? both : g.add(g.root().op_type, 7, {m["x"], both});
}

}  // namespace

MICA_RULE(constant_chain, Fuse) {
  const Pattern x = any("x"), a = constant("a"), b = constant("b");
  std::vector<Pattern> spellings;
  for (const auto* name : {"Add", "Mul"}) {
    for (const Pattern& inner : {op(name, {x, a}), op(name, {a, x})}) {
      spellings.push_back(op(name, {inner, b}));
      spellings.push_back(op(name, {b, inner}));
    }
  }
  return {one_of(spellings), rewrite};
}

}  // namespace mica
