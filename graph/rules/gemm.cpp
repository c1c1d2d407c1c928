// MatMul(a, b) + c   =>   Gemm(a, b, c)     for matrices
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

// Whether c broadcasts to the product without enlarging it.
static bool fits(const Dims* c, const Dims& product) {
  if (c == nullptr || c->size() > 2) return false;
  for (size_t i = 0; i < c->size(); ++i) {
    const Dim& dim = (*c)[c->size() - 1 - i];
    if (!dim.is(1) && dim != product[1 - i]) return false;
  }
  return true;
}

MICA_RULE(gemm, Fuse) {
  return {op("MatMul", {any("a"), any("b")}).as("product") + any("c"), [](Rewriter& g, const Match& m) {
            const Dims* a = dims_of(g.graph(), m["a"]);
            const Dims* b = dims_of(g.graph(), m["b"]);
            if (a == nullptr || b == nullptr || a->size() != 2 || b->size() != 2) return g.refuse("not two matrices");
            const Dims product{(*a)[0], (*b)[1]};
            if (!fits(dims_of(g.graph(), m["c"]), product)) return g.refuse("what is added does not fit the product");
            if (!is_float(g.type(m["a"]).dtype)) return g.refuse("not of floating point");
            return g.add("Gemm", 7, {m["a"], m["b"], m["c"]});
          }};
}

}  // namespace mica
