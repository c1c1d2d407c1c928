// The dim that two dims broadcast to.
#pragma once

#include "graph/dim.h"

namespace mica {

/// What two dims broadcast to: the other one where one is 1, else what both are. This is not the larger of the two: 0
/// and 1 give 0. It has no meaning where neither is 1 and they differ; a simplification takes it that this is not so.
Dim broadcast(const Dim& a, const Dim& b);

}  // namespace mica
