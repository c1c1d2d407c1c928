// What a BatchNormalization of constants does at inference.
#pragma once

#include <optional>
#include <vector>

#include "graph/graph.h"

namespace mica {

/// y = factors[c] * x + offsets[c] for channel c.
struct ChannelScale {
  std::vector<double> factors, offsets;
};

/// nullopt where a BatchNormalization has outputs for training, or parameters that are not constants of 32 or 64 bits
/// of the same number of elements.
std::optional<ChannelScale> batch_norm_scale(const Graph& graph, const Node& norm);

}  // namespace mica
