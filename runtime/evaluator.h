// Computes nodes for the optimiser with the reference interpreter.
#pragma once

#include "graph/evaluator.h"

namespace mica {

/// Runs each node on the calling thread with the plain CPU kernels.
Evaluator make_evaluator();

}  // namespace mica
