// BatchNormalization(Conv(x, w, b))   =>   Conv(x, w * f, (b - mean) * f + bias),  f = scale / sqrt(variance + epsilon)
// likewise of a ConvTranspose or Gemm.
#include <cmath>

#include "graph/facts.h"
#include "graph/linear.h"
#include "graph/rule.h"

namespace mica {
namespace {

// Whether mean and variance are inputs, and one for each channel.
bool is_inference(const Graph& graph, const Node& norm) {
  for (size_t i = 1; i < norm.outputs.size(); ++i) {
    if (norm.outputs[i] != ValueId::None && !graph.is_unused(norm.outputs[i])) return false;
  }
  if (norm.opset < 7 && attribute(norm, "is_test", 0) == 0) return false;
  return attribute(norm, "spatial", 1) != 0 && attribute(norm, "training_mode", 0) == 0;
}

double epsilon(const Node& norm) {
  const auto it = norm.attributes.find("epsilon");
  const float* given = it == norm.attributes.end() ? nullptr : std::get_if<float>(&it->second);
  return static_cast<double>(given == nullptr ? 1e-5f : *given);
}

ValueId rewrite(Rewriter& g, const Match& m) {
  const Graph& graph = g.graph();
  const auto linear = Linear::of(graph, m["y"]);
  const Dims* dims = dims_of(graph, m["y"]);
  if (!linear) return ValueId::None;
  if (graph.node(graph.value(m["y"]).producer).op_type == "Add" || !is_inference(graph, g.root())) return ValueId::None;
  if (linear->is_last() && (dims == nullptr || dims->size() != 2)) return g.refuse("its channels are not axis 1");
  const auto scale = floats(g.constant("scale")), bias = floats(g.constant("bias"));
  const auto mean = floats(g.constant("mean")), variance = floats(g.constant("variance"));
  if (!scale || !bias || !mean || !variance) return g.refuse("a constant is not of 32 or 64 bits");
  const auto channels = static_cast<size_t>(linear->channels());
  for (const auto* list : {&scale, &bias, &mean, &variance}) {
    if ((*list)->size() != channels) return g.refuse("a constant does not have one number for each channel");
  }
  std::vector<double> factors(channels), offsets(channels);
  for (size_t i = 0; i < channels; ++i) {
    factors[i] = (*scale)[i] / std::sqrt((*variance)[i] + epsilon(g.root()));
    offsets[i] = (*bias)[i] - (*mean)[i] * factors[i];
  }
  return linear->scaled(g, factors, offsets);
}

}  // namespace

MICA_RULE(linear_batch_norm, Fuse) {
  return {
      op("BatchNormalization", {any("y"), constant("scale"), constant("bias"), constant("mean"), constant("variance")}),
      rewrite};
}

}  // namespace mica
