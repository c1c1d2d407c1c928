// Runs graphs before and after the optimiser on the same inputs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "runtime/base/tensor.h"

namespace mica {

/// Outputs of the graph, node by node with the plain kernels.
std::vector<Datum> interpret(const GraphModel& model, const std::vector<Datum>& inputs);

/// Random tensors for the graph's inputs: floats in [-2, 2), integers and booleans 0 or 1. Symbolic dims become small
/// numbers, the same for the same symbol, unless `dims` has theirs.
std::vector<Datum> random_inputs(const Graph& graph, uint32_t seed, const SymbolValues& dims = {});

/// How the values differ; empty when they do not: |a - b| <= tolerance * max(1, |b|), NaN and infinities alike.
/// For types of 16 bits the tolerance is 2e-3 at least.
std::string difference(const Datum& a, const Datum& b, double tolerance);

/// The first operator of the graph, or of those inside it, that this build does not have; empty when it has all.
std::string missing_operator(const Graph& graph);

}  // namespace mica
