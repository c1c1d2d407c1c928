// What rules about the shape of tensors share.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/rewriter.h"

namespace mica {

/// Whether the axes longer than 1 keep their order, so that a Transpose moves nothing in memory.
bool keeps_order(const std::vector<int64_t>& perm, const Dims& dims);

/// The second input of a Reshape from dims to others: a dim that is at the same place before is 0, one other may be -1.
/// With -1 no dim written as 0 may be 0: the missing one could not be told then. nullopt when there is no way to write
/// it, or when `from` is null.
std::optional<std::vector<int64_t>> written_shape(const Dims* from, const Dims& to);

ValueId add_reshape(Rewriter& g, ValueId from, const std::vector<int64_t>& shape);

}  // namespace mica
