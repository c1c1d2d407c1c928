// What operators expect of the contents of their inputs.
#pragma once

#include <optional>

#include "graph/facts.h"
#include "graph/graph.h"
#include "tools/inputs/valid_values.h"

namespace mica::tools {

/// A formal input of a node, and what can be asked about its neighbours.
struct OperandUse {
  const Graph& graph;
  const Node& node;
  size_t input;

  /// Dim `axis` (from the end when negative) of another input; nullopt when it is not a number.
  std::optional<int64_t> dim(size_t of, int64_t axis) const;
  const Dims* dims(size_t of) const { return dims_of(graph, input_of(node, of)); }
  const Dims* output_dims(size_t of = 0) const;
  /// Number of elements of this input; nullopt when not known.
  std::optional<int64_t> count() const;
};

/// What the operator demands of this input's contents. Any where it takes everything.
ValidValues demanded_values(const OperandUse& use);

}  // namespace mica::tools
