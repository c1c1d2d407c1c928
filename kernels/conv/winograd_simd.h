// Vector loops of Winograd's convolution F(2x2, 3x3) of tensors whose channels are the last axis.
#pragma once

#include <stdint.h>

#include "kernels/matmul/epilogue.h"
#include "kernels/simd/table.h"

namespace mica {

/// A tile of up to 2 x 2 outputs of all filters.
struct WinogradOutput {
  const float* sums;  ///< value f of filter i at sums[f * value + i], f < 16
  int64_t value;
  int64_t filters;
  float* y;
  int64_t y_row, y_column;  ///< elements from one output to the next
  int rows, columns;        ///< 1 or 2, of outputs that are stored
  const float* bias;        ///< one for each filter, or null
  const float* addend;      ///< laid out as y, which it may be, or null
  Bounds bounds;            ///< that the result is brought into
};

struct WinogradKernels {
  /// The 16 values B' d B of 4 x 4 elements d of the input, for each channel: value f of channel c goes to
  /// to[f * value + c]. Element (i, j) of channel c is elements[4 * i + j][c].
  void (*input)(const float* const* elements, int64_t channels, float* to, int64_t value);
  /// y = clip(bias + addend + A' m A), m being the 4 x 4 sums.
  void (*output)(const WinogradOutput& call);
};

const WinogradKernels& winograd_kernels();
IsaTables<WinogradKernels> winograd_kernels_all();

}  // namespace mica
