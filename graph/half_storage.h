// Weights stored in half the bytes: for files, not for running.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace mica {

/// What became of the float weights of a model.
struct HalfStorage {
  size_t stored = 0, bytes_saved = 0;
  size_t small = 0;  ///< left as they were: too small to matter
  struct Kept {
    std::string name, why;
  };
  std::vector<Kept> kept;  ///< left as they were: they would lose more than precision
};

/// Weights below this many bytes stay as they are.
inline constexpr size_t kMinHalfStored = 1024;

/// Stores float initializers as `type`, float16 or bfloat16, each with a Cast back to float behind it, so that any
/// engine computes as before on weights that are rounded once. Those with a finite element beyond the type's largest,
/// or without any element of its normal range, stay. Throws Unsupported when the model's opset has no such Cast.
HalfStorage store_weights_as(GraphModel& model, DType type, const OpTable& operators);

}  // namespace mica
