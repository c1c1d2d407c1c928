// Products of a few rows with the columns of a matrix whose columns are what lies adjacent in memory.
#pragma once

#include <stdint.h>

#include "kernels/matmul/epilogue.h"
#include "kernels/simd/table.h"

namespace mica {

/// c(i, j) = alpha * sum over p < k of a[i * a_row + p] * b[j * b_column + p], plus addends, brought into
/// `bounds`. Pointers are at the first elements.
struct DotCall {
  const float* a;
  int64_t a_row;
  const float* b;
  int64_t b_column;
  int64_t k;
  float* c;
  int64_t c_row;
  float alpha;
  Bounds bounds;
  Addend addends[2];
};

struct DotKernels {
  /// Every element is summed in the same order, whatever else is computed with it.
  void (*dots)(const DotCall& call, int64_t rows, int64_t columns);
};

const DotKernels& dot_kernels();
IsaTables<DotKernels> dot_kernels_all();

}  // namespace mica
