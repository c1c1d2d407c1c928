// The determinant of a matrix.
#pragma once

#include <cstdint>

namespace mica {

/// By Gaussian elimination with partial pivoting, of a matrix of n rows, which is overwritten.
double determinant(double* a, int64_t n);

}  // namespace mica
