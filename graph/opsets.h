// Versions of operator sets: a file can hold only one of each domain.
#pragma once

#include "graph/graph.h"

namespace mica {

/// Raises all nodes of ai.onnx to the version: see graph/upgrade.h. Types are inferred before and after. Throws
/// InvalidArgument for a version that is lower than the model's or that this build does not know, and Unsupported for a
/// node that cannot be raised.
void raise_opset(GraphModel& model, int64_t version, const OpTable& operators);

/// Gives all nodes of a domain the highest version that one of them is of, where optimising has brought in operators
/// that the model's own version does not have. Throws Unsupported for a node that cannot be raised.
void unify_opsets(GraphModel& model, const OpTable& operators);

}  // namespace mica
