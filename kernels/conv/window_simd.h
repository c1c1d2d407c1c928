// Vector loops over windows of tensors whose channels are the last axis.
#pragma once

#include <stdint.h>

#include "kernels/matmul/epilogue.h"
#include "kernels/simd/table.h"

namespace mica {

/// Outputs side by side along the last spatial axis, all of whose windows see the same `rows` x `columns` taps. Strides
/// count elements.
struct WindowCall {
  const float* x;           ///< channel 0 of the first tap of the first output
  int64_t x_row, x_column;  ///< from one tap to the next
  int64_t x_step;           ///< from one output's window to the next
  int64_t rows, columns;    ///< of taps
  const float* w;           ///< weights of that tap, one for each channel
  int64_t w_row, w_column;
  float* y;
  int64_t y_step;
  int64_t outputs, channels;
  const float* bias;    ///< one for each channel, or null
  const float* addend;  ///< laid out as y, which it may be, or null
  float factor;         ///< of the sum
  Bounds bounds;        ///< that the result is brought into
};

struct WindowKernels {
  /// y = clip(bias + addend + sum of w * x).
  void (*depthwise)(const WindowCall& call);
  /// y = factor * sum of x, for each channel.
  void (*sum)(const WindowCall& call);
  /// y = max of x, for each channel; NaN does not count.
  void (*max)(const WindowCall& call);
  /// Copies `rows` runs of `width` elements.
  void (*copy)(const float* from, int64_t from_row, float* to, int64_t to_row, int64_t rows, int64_t width);
};

const WindowKernels& window_kernels();
IsaTables<WindowKernels> window_kernels_all();

}  // namespace mica
