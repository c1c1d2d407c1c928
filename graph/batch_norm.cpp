#include "graph/batch_norm.h"

#include <array>
#include <cmath>

#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/linear.h"

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

}  // namespace

std::optional<ChannelScale> batch_norm_scale(const Graph& graph, const Node& norm) {
  if (norm.formal_inputs < 5 || !is_inference(graph, norm)) return std::nullopt;
  std::array<std::vector<double>, 4> lists;  // scale, bias, mean, variance
  for (size_t i = 0; i < 4; ++i) {
    if (!is_constant(graph, norm.inputs[i + 1])) return std::nullopt;
    auto list = floats(graph.value(norm.inputs[i + 1]).constant);
    if (!list || list->size() != (i == 0 ? list->size() : lists[0].size())) return std::nullopt;
    lists[i] = std::move(*list);
  }
  const auto& [scale, bias, mean, variance] = lists;
  const auto epsilon = static_cast<double>(float_attribute(norm, "epsilon", 1e-5f));
  ChannelScale result;
  for (size_t i = 0; i < scale.size(); ++i) {
    result.factors.push_back(scale[i] / std::sqrt(variance[i] + epsilon));
    result.offsets.push_back(bias[i] - mean[i] * result.factors[i]);
  }
  return result;
}

}  // namespace mica
