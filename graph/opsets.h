// Versions of operator sets: a file can hold only one of each domain.
#pragma once

#include "graph/graph.h"

namespace mica {

/// Gives all nodes of a domain the highest version that one of them is of, where optimising has brought in operators
/// that the model's own version does not have. Throws Unsupported for a node whose operator is another in that version.
void unify_opsets(GraphModel& model, const OpTable& operators);

}  // namespace mica
