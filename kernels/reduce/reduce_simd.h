// Vector loops of reductions of float tensors.
#pragma once

#include <stdint.h>

#include "kernels/simd/table.h"

namespace mica {

/// Both go on from what they are given, so that several runs of elements make one reduction; a loop's `start` is what a
/// reduction of nothing gives. T is float, or uint16_t for the bits of narrow floats, which are computed in float.
template <class T>
struct ReduceLoop {
  double start;
  /// `state` and n elements. Sums are added in float lanes over blocks of kernels/simd/fold.h, the blocks in double.
  double (*row)(const T* x, int64_t n, double state);
  /// states[j] and n elements that begin at x + j and are `stride` apart, for j < columns. Sums are added in float over
  /// blocks of 128 elements, the blocks in float.
  void (*columns)(const T* x, int64_t n, int64_t stride, float* states, int64_t columns);
};

template <class T>
struct ReduceLoops {
  ReduceLoop<T> sum, sum_square, sum_abs, product;
  ReduceLoop<T> maximum, minimum;  ///< NaN when an element is
};

struct ReduceKernels {
  ReduceLoops<float> f32;
  ReduceLoops<uint16_t> f16, bf16;
};

const ReduceKernels& reduce_kernels();
IsaTables<ReduceKernels> reduce_kernels_all();

}  // namespace mica
