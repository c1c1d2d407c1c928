// The parameters of TensorScatter.
#pragma once

#include <string>

#include "kernels/operands.h"

namespace mica {

struct TensorScatter {
  int64_t axis = -2;
  std::string mode = "linear";
};

/// `steps` rows of `width` elements go into each of `rows` caches of `length` rows, of which `per_batch` belong to a
/// batch element.
struct CacheRows {
  int64_t rows, per_batch, steps, length, width;
};
/// Throws when the operands do not fit each other.
CacheRows cache_rows(const TensorScatter& op, const Operands& io);

}  // namespace mica
