// Launcher of the CUDA kernels of MatMulNBits.
#pragma once

#include "kernels/cuda/fault.h"
#include "kernels/cuda/number.h"

namespace mica::cuda {

/// y [m, n] = a [m, k] x W' + bias, where W [n, k] is quantised in blocks of its rows, as the operator says
/// (matmul_nbits.op.cpp). Floats of up to 32 bits; sums in float.
struct NBitsCall {
  static constexpr int kSpan = 8;  ///< codes that a thread reads at once, of one block

  Number number;  ///< of a, scales, bias and y
  const void* a;
  const uint8_t* codes;
  const void* scales;
  const void* zeros;      ///< null: the middle of the codes
  Number zeros_number;    ///< uint8: packed as codes are, each row in whole bytes
  const int32_t* groups;  ///< the block whose scale and zero point each k has; null: its own
  const void* bias;       ///< null: absent
  void* y;
  int64_t m, n, k;
  int64_t blocks, block_size;  ///< of a row; elements of a block
  int bits;                    ///< 2, 4 or 8
  Fault fault;                 ///< a group out of range
};
void launch_nbits(const NBitsCall& call, void* stream);

}  // namespace mica::cuda
