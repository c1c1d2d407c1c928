// How many operators and how large weights a model has.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace mica::tools {

struct Weights {
  size_t tensors = 0;
  size_t parameters = 0;  ///< elements of all constants
  size_t bytes = 0;
  std::map<std::string, size_t> by_type;  ///< parameters
};

/// Of the graph and those inside it; constants that nothing uses do not count.
Weights count_weights(const Graph& graph);

/// Nodes by operator, of the graph and those inside it: by number, largest first.
std::vector<std::pair<std::string, size_t>> count_operators(const Graph& graph);

/// Bytes of a file; 0 when there is none.
size_t file_size(const std::string& path);

}  // namespace mica::tools
