// Vector loops of products with weights of 2, 4 or 8 bits, quantised in blocks along K.
#pragma once

#include <stdint.h>

#include "kernels/simd/table.h"

namespace mica {

/// A group of columns of weights, w = (code - zero) * scale. Codes lie in words of 32 bits, the first in the lowest
/// bits: word i of all columns, then word i + 1; codes of a column go on from word to word. Scales and zeros are by
/// block, then column. A block is a whole number of words.
struct BlockColumns {
  const uint32_t* codes;
  const float* scales;
  const uint8_t* zeros;      ///< or
  const float* zero_floats;  ///< where both are null all are `zero`
  float zero;
  int64_t blocks, block_size;
};

/// y = A x weights for a few rows of A, of blocks * block_size elements.
struct BlockFloatRows {
  BlockColumns weights;
  const float* a;
  int64_t a_pitch;
  const float* sums;  ///< of each block of each row
  int64_t rows;       ///< 1 to kMostBlockRows
  float* y;           ///< rows of BlockWeightKernels::columns elements
};
inline constexpr int64_t kMostBlockRows = 4;

/// Weights as floats, `k` of each column from `k0` on: element (k0 + p, j) at to[j / 16 * panel + p * 16 + j % 16].
struct BlockPanels {
  BlockColumns weights;
  int64_t k0, k;
  float* to;
  int64_t panel;
};

struct BlockWeightKernels {
  int64_t columns;  ///< of a group; a multiple of 16, and the same as BlockByteKernels has
  void (*multiply2)(const BlockFloatRows& rows);
  void (*multiply4)(const BlockFloatRows& rows);
  void (*multiply8)(const BlockFloatRows& rows);
  /// Of the first `panels` times 16 columns.
  void (*decode2)(const BlockPanels& panels, int64_t count);
  void (*decode4)(const BlockPanels& panels, int64_t count);
  void (*decode8)(const BlockPanels& panels, int64_t count);
};

const BlockWeightKernels& block_weight_kernels();
IsaTables<BlockWeightKernels> block_weight_kernels_all();

}  // namespace mica
