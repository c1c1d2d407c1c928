// Launchers of CUDA kernels that make tensors whose elements follow from their places.
#pragma once

#include "kernels/cuda/number.h"

namespace mica::cuda {

/// y[i] = start + i * delta, of floats, or of whole numbers, which wrap around.
struct RangeCall {
  Number number;
  void* y;
  int64_t count;
  double start = 0, delta = 0;               ///< of floats
  int64_t whole_start = 0, whole_delta = 0;  ///< of whole numbers
};
void launch_range(const RangeCall& call, void* stream);

/// The bits `one` on diagonal k of a matrix, zeros elsewhere.
struct DiagonalCall {
  void* y;
  int64_t width, rows, columns, k;
  uint64_t one;
};
void launch_diagonal(const DiagonalCall& call, void* stream);

}  // namespace mica::cuda
