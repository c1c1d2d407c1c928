// BatchNormalization(Conv(x, w, b))   =>   Conv(x, w * f, (b - mean) * f + bias),  f = scale / sqrt(variance + epsilon)
// likewise of a ConvTranspose or Gemm.
#include "graph/batch_norm.h"
#include "graph/facts.h"
#include "graph/linear.h"
#include "graph/rule.h"

namespace mica {
namespace {

ValueId rewrite(Rewriter& g, const Match& m) {
  const Graph& graph = g.graph();
  const auto linear = Linear::of(graph, m["y"]);
  const Dims* dims = dims_of(graph, m["y"]);
  if (!linear) return ValueId::None;
  if (graph.node(graph.value(m["y"]).producer).op_type == "Add") return ValueId::None;
  if (linear->is_last() && (dims == nullptr || dims->size() != 2)) return g.refuse("its channels are not axis 1");
  const auto scale = batch_norm_scale(graph, g.root());
  if (!scale) return g.refuse("it trains, or a constant is not of 32 or 64 bits or does not fit the others");
  if (scale->factors.size() != static_cast<size_t>(linear->channels())) {
    return g.refuse("its constants do not have one number for each channel");
  }
  return linear->scaled(g, scale->factors, scale->offsets);
}

}  // namespace

MICA_RULE(linear_batch_norm, Fuse) {
  return {
      op("BatchNormalization", {any("y"), constant("scale"), constant("bias"), constant("mean"), constant("variance")}),
      rewrite};
}

}  // namespace mica
