// x + Gather(table, indices)   =>   GatherAdd(x, table, indices)
// for rows of a matrix: the sum of a transformer's embeddings, each of which is then added where it is read.
#include <algorithm>

#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

ValueId fuse(Rewriter& g, const Match& m) {
  if (g.target() != Target::Mica) return ValueId::None;
  const Graph& graph = g.graph();
  const Node& gather = g.node("gather");
  const Dims* x = dims_of(graph, m["x"]);
  const Dims* table = dims_of(graph, m["table"]);
  const Dims* indices = dims_of(graph, m["indices"]);
  const Dims* sum = dims_of(graph, g.root().outputs[0]);
  if (x == nullptr || table == nullptr || indices == nullptr || sum == nullptr) return g.refuse("dims are not known");
  if (g.type(m["x"]).dtype != DType::F32) return g.refuse("not of float");
  if (table->size() != 2 || attribute(gather, "axis", 0) != 0) return g.refuse("not rows of a matrix");
  if (*x != *sum || x->empty()) return g.refuse("the sum is larger than what is added to");
  // Indices belong to the rows of x, repeated over its first axes.
  auto begin = std::ranges::find_if(*indices, [](const Dim& dim) { return !dim.is(1); });
  const auto picks = static_cast<size_t>(indices->end() - begin);
  if (picks + 1 > x->size() || !std::equal(begin, indices->end(), x->end() - 1 - static_cast<ptrdiff_t>(picks))) {
    return g.refuse("an index is for more rows than one");
  }
  return g.add_own("GatherAdd", g.root().name, {m["x"], m["table"], m["indices"]}, {});
}

}  // namespace

MICA_RULE(gather_add, Rest) {
  const Pattern gather = op("Gather", {any("table"), any("indices")}).as("gather");
  return {any("x") + gather, fuse};
}

}  // namespace mica
