// Parameters of CumSum and CumProd (cumulative.op.cpp).
#pragma once

#include "kernels/op.h"

namespace mica {

struct Cumulative {
  bool exclusive = false;
  bool reverse = false;
};

/// What is accumulated together: row r begins at r / inner * inner * width + r % inner, its elements are `inner` apart.
struct CumulativeRows {
  int64_t rows, width, inner;
};
/// `along` holds the axis.
CumulativeRows cumulative_rows(const Tensor& x, const Tensor& along);

}  // namespace mica
