// The task that the toy model was trained for: sorting. See models/toy/README.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/mica.h"

namespace mica::tools {

/// What a model's metadata says of its task, under "mica.task".
struct SortingTask {
  int64_t first = 0, last = 0;  ///< numbers it knows
  size_t least = 0, most = 0;   ///< of them in a prompt
  int64_t separator = 0, end = 0;
  std::vector<int64_t> example;  ///< a prompt's numbers
};

/// Throws InvalidArgument when the model has no such entry, or one that makes no sense.
SortingTask read_task(const Model& model);

/// Greedy decoding: the tokens that the model adds to the prompt, at most `limit` and up to and with `end`. `seconds`
/// gets the time of each run.
std::vector<int64_t> continue_greedily(Session& session, std::vector<int64_t> tokens, int64_t end, size_t limit,
                                       std::vector<double>& seconds);

}  // namespace mica::tools
