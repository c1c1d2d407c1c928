// Vector loops from scores to weights.
#pragma once

#include <stdint.h>

#include "kernels/simd/table.h"

namespace mica {

/// A query whose keys are weighed some at a time: keys [first, last) of those at hand are seen.
template <class T>
struct WeighedRow {
  int64_t first, last;
  T highest;  ///< of the scores so far; -infinity of none
  T sum;      ///< of the weights so far, exp(score - highest)
  T rescale;  ///< what weights of before the last step are to be multiplied by, as `highest` has grown since
};

struct WeighKernels {
  /// n rows of `count` scores, `stride` elements apart, become weights: 0 of the keys that are not seen. A NaN makes
  /// the sum NaN; it is 0 only where all scores are -infinity. `stride` is a multiple of 16, and what lies between
  /// `count` and the next such multiple is of no account.
  void (*weigh)(float* x, int64_t stride, int64_t count, WeighedRow<float>* rows, int64_t n);
  /// x = cap * tanh(x / cap)
  void (*softcap)(float* x, int64_t n, float cap);
  /// x = -infinity where `shown` is 0.
  void (*hide)(const uint8_t* shown, float* x, int64_t n);
  /// y = factor * x; y may be x.
  void (*scale)(const float* x, float* y, int64_t n, float factor);
};

const WeighKernels& weigh_kernels();
IsaTables<WeighKernels> weigh_kernels_all();

}  // namespace mica
