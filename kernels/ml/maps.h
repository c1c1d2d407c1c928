// Values that are maps: how kernels read them.
#pragma once

#include "kernels/operands.h"

namespace mica {

/// The keys, a vector, of int64 or of strings. Throws unless the value is a map.
const Tensor& map_keys(const Datum& map);

/// The values as one vector in the order of the keys. Throws unless each is a single element, and all of the same type.
Tensor map_values(const Datum& map);

}  // namespace mica
