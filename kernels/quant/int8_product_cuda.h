// Launcher of the CUDA kernels that multiply matrices of bytes.
#pragma once

#include "kernels/matmul/gemm_cuda.h"
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

}  // namespace mica::cuda
