// Launcher of the CUDA kernels of CumSum and CumProd.
#pragma once

#include "kernels/cuda/number.h"

namespace mica::cuda {

/// Rows as CumulativeRows of kernels/reduce/cumulative.h, of floats or of whole numbers but uint64. y may be x.
struct CumulativeCall {
  Number number;
  const void* x;
  void* y;
  int64_t rows, width, inner;
  bool product, exclusive, reverse;
};
void launch_cumulative(const CumulativeCall& call, void* stream);

}  // namespace mica::cuda
