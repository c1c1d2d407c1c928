// Vector loops of products of bytes with weights of 4 or 8 bits, quantised in blocks along K.
#pragma once

#include "kernels/quant/block_weights_simd.h"

namespace mica {

/// As BlockFloatRows, of A as signed bytes times a scale for each block. Where codes are of 4 bits, each eight bytes
/// are in the order 0, 2, 4, 6, 1, 3, 5, 7.
struct BlockByteRows {
  BlockColumns weights;
  const int8_t* a;
  int64_t a_pitch;
  const float* scales;
  const float* sums;  ///< of each block, times its scale
  int64_t rows;
  float* y;
};

struct BlockByteKernels {
  void (*multiply4)(const BlockByteRows& rows);
  void (*multiply8)(const BlockByteRows& rows);  ///< null where it would not be exact
};

const BlockByteKernels& block_byte_kernels();
IsaTables<BlockByteKernels> block_byte_kernels_all();

}  // namespace mica
