// Launcher of the CUDA kernels that multiply matrices of bytes.
#pragma once

#include "kernels/matmul/gemm_mma_cuda.h"
#include "kernels/quant/quant_numbers.h"

namespace mica::cuda {

/// One operand: element (i, j) is at data[i * row + j * column]. Scales and zero points belong to the rows of all
/// matrices on the left, or to the columns of all matrices on the right, one after the other and over again.
struct Int8Operand {
  const void* data;
  Number number;
  int64_t row, column;
  QuantNumbers scale, zero;
};

/// c = a * b summed in int32, for every matrix of a batch; as int32, or times both scales as a float plus a bias for
/// each column, or that divided by a scale and rounded to a byte. c has rows of adjacent elements.
struct Int8Call {
  int64_t m, n, k;
  Int8Operand a, b;
  Number to;  ///< of c: int32, a float of up to 32 bits, int8 or uint8
  void* c;
  Walk<3> batch;  ///< of a, b and c
  float alpha = 1;
  const int32_t* addend = nullptr;  ///< element (i, j) of what is added to sums is at addend[i * row + j * column]
  int64_t addend_row = 0, addend_column = 0;
  QuantNumbers bias;        ///< floats; null data: absent
  TensorQuantization c_by;  ///< of bytes
};
void launch_int8_product(const Int8Call& call, void* stream);

/// Whether launch_int8_mma takes the call: its operands lie along k, in whole vectors of 16 bytes.
constexpr bool is_int8_mma(const Int8Call& call) {
  bool whole = call.a.column == 1 && call.b.row == 1 && call.k > 0;
  for (const int64_t step : {call.k, call.a.row, call.b.column}) whole = whole && step % kMmaVectorBytes == 0;
  for (int axis = 0; axis < call.batch.rank; ++axis) {
    const auto& steps = call.batch.steps[axis];
    whole = whole && steps.of[0] % kMmaVectorBytes == 0 && steps.of[1] % kMmaVectorBytes == 0;
  }
  return whole;
}

/// How launch_int8_mma cuts a call up: into the larger of two tiles if there are enough of them.
constexpr MmaCut int8_mma_cut(int64_t m, int64_t n, int64_t k, int64_t batch) {
  const auto blocks = [&](int64_t side) { return (m + side - 1) / side * ((n + side - 1) / side) * batch; };
  if (blocks(128) >= kMmaEnoughBlocks) return {128, 128, 1, k};
  return small_mma_cut(blocks(64), k, batch, kByteTileDepth);
}

/// The same as launch_int8_product on tensor cores, for calls of which is_int8_mma holds and whose data is aligned to
/// 16 bytes. The workspace is of mma_workspace numbers. Needs compute capability kByteProducts.
void launch_int8_mma(const Int8Call& call, const MmaCut& cut, int32_t* workspace, void* stream);

}  // namespace mica::cuda
