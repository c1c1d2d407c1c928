// A plan at concrete dims: shapes of its slots, and where they lie in the arena.
#pragma once

#include <optional>
#include <vector>

#include "runtime/plan.h"
#include "tools/inputs/model_inputs.h"

namespace mica::tools {

struct ArenaBuffer {
  uint32_t slot = 0;  ///< the root
  uint32_t first = 0, last = 0;
  size_t bytes = 0, offset = 0;
};

struct PlanLayout {
  std::vector<std::optional<Shape>> shapes;  ///< by slot; absent where a run has to tell
  std::vector<ArenaBuffer> buffers;          ///< by offset
  size_t arena = 0;
};

/// The arena of a place, as the executor lays it out for these inputs.
PlanLayout lay_out(const Plan& plan, const ModelInputs& inputs, Place place = Place::Host);

}  // namespace mica::tools
