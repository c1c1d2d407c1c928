// Loops over the features of a row.
#pragma once

#include <cstdint>

#include "runtime/base/dtype.h"

namespace mica {

/// The sum of products of n features and coefficients.
double dot(const double* features, const float* coefficients, int64_t n);

/// y[i] = x[i] > threshold, as 1 or 0 of the same type: float, double, int32 or int64. y may be x.
void binarize(DType dtype, const void* x, int64_t n, float threshold, void* y);

}  // namespace mica
