// Vector loops of depthwise convolutions of 8-bit integers, which are multiplied as floats.
#pragma once

#include <stdint.h>

#include "kernels/simd/table.h"

namespace mica {

/// Rows of outputs: element i of row r is the sum over taps of w[t] * x[offsets[t] + r * x_row + i], exact below 2^24.
struct DepthwiseRows {
  const float* x;
  int64_t x_row;
  const int64_t* offsets;
  const float* w;
  int64_t taps;
};

struct Int8DepthwiseKernels {
  int64_t lanes;  ///< reads of x go on to a multiple of so many outputs
  /// to[i] = x[i] - zero
  void (*widen_u8)(const uint8_t* x, float zero, float* to, int64_t n);
  void (*widen_s8)(const int8_t* x, float zero, float* to, int64_t n);
  /// to[i] = x[2 * i]
  void (*every_second)(const uint8_t* x, uint8_t* to, int64_t n);
  /// Rows of n elements, one behind the other; of y `lanes` elements behind them may be written too.
  void (*multiply)(const DepthwiseRows& of, float* y, int64_t rows, int64_t n);
  /// y[i] = x[i] + start, of integral x
  void (*to_integers)(const float* x, int32_t start, int32_t* y, int64_t n);
};

const Int8DepthwiseKernels& int8_depthwise_kernels();
IsaTables<Int8DepthwiseKernels> int8_depthwise_kernels_all();

}  // namespace mica
