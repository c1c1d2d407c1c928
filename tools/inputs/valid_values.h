// Which values of a model's input make sense, as told by what the graph does with them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/graph.h"

namespace mica::tools {

/// Values that an input may have.
struct ValidValues {
  enum class Kind : uint8_t {
    Any,
    Range,  ///< from `low` to `high`, both included
    List,   ///< the elements in row-major order, again and again
  };
  Kind kind = Kind::Any;
  double low = 0, high = 0;
  std::vector<double> list;

  bool operator==(const ValidValues&) const = default;
};

/// What is known of the values of a graph input from the operators that they reach unchanged, or changed by constants
/// only: indices lie within the tensor that they index, lengths within the axis that they measure, shapes are those of
/// what they shape. Where that tells nothing, the input's name may (a mask is 1), and the
/// constants it is compared with. Best told by a graph whose dims are all numbers.
ValidValues valid_values(const Graph& graph, ValueId input);

}  // namespace mica::tools
