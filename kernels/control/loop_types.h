// Inference of loops.
#pragma once

#include <span>
#include <vector>

#include "graph/infer_context.h"

namespace mica {

/// Types of what a loop gives: the values it carries from one iteration to the next, and what one iteration adds to
/// each scan output. Both are empty when nothing is known of the body.
struct LoopTypes {
  std::vector<ValueType> carried, scanned;
};

/// Infers body 0 on `before`, the carried values and `after`, again and again until the types of the carried values
/// cover what the body makes of them: dims that may change become unknown. The body's outputs are `skipped` others, the
/// carried values, and what is scanned.
LoopTypes infer_loop(const InferContext& ctx, std::span<const ValueType> before, std::vector<ValueType> carried,
                     std::span<const ValueType> after, size_t skipped);

}  // namespace mica
