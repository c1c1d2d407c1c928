// What is done to a sum of products of bytes before it is stored.
#pragma once

#include "kernels/cuda/eight.cuh"
#include "kernels/matmul/quad_columns.cuh"
#include "kernels/quant/int8_product_cuda.h"
#include "kernels/quant/quant_numbers.cuh"

namespace mica::cuda {

/// Matrices of a batch.
struct Int8Matrices {
  Walk<3>::Steps start;
  int64_t a_rows, b_columns;  ///< of the matrices before these
};
__device__ inline Int8Matrices int8_matrices(const Int8Call& call, int64_t matrix) {
  const auto start = call.batch.at(matrix);
  return {start, call.k == 0 ? 0 : start.of[0] / (call.m * call.k) * call.m,
          call.k == 0 ? 0 : start.of[1] / (call.n * call.k) * call.n};
}

/// A sum with what is added to it.
__device__ inline int32_t with_addend(const Int8Call& call, int64_t row, int64_t column, int32_t sum) {
  if (call.addend == nullptr) return sum;
  const int32_t more = call.addend[row * call.addend_row + column * call.addend_column];
  return static_cast<int32_t>(static_cast<uint32_t>(sum) + static_cast<uint32_t>(more));
}
/// As a float; of results in bytes, in steps of these.
__device__ inline float scaled_sum(const Int8Call& call, const Int8Matrices& of, int64_t row, int64_t column,
                                   int32_t sum) {
  const float a_scale = scale_at(call.a.scale, of.a_rows + row),
              b_scale = scale_at(call.b.scale, of.b_columns + column);
  const bool to_bytes = call.to == Number::I8 || call.to == Number::U8;
  const float divisor = to_bytes ? scale_at(call.c_by.scale, 0) / call.alpha : 1 / call.alpha;
  const bool by_rows = call.a.scale.count != 1;
  const float factor = by_rows ? __fmul_rn(a_scale, b_scale / divisor) : __fmul_rn(a_scale, b_scale) / divisor;
  const float value = __fmul_rn(static_cast<float>(sum), factor);
  return to_bytes || call.bias.data == nullptr ? value : __fadd_rn(value, scale_at(call.bias, column));
}

/// Stores the first `count` of sums of elements (row, column), (row, column + 1) ...
__device__ __noinline__ inline void store_int8(const Int8Call& call, const Int8Matrices& of, int64_t row,
                                               int64_t column, int count, const EightInts& sums) {
  const int64_t to = of.start.of[2] + row * call.n + column;
  Eight values;
#pragma unroll 1
  for (int i = 0; i < count; ++i) {
    const int32_t sum = with_addend(call, row, column + i, sums.of[i]);
    if (call.to == Number::I32) {
      static_cast<int32_t*>(call.c)[to + i] = sum;
      continue;
    }
    values.of[i] = scaled_sum(call, of, row, column + i, sum);
    if (call.to != Number::I8 && call.to != Number::U8) continue;
    store_integer(call.c, call.to, to + i, quantized(values.of[i], zero_at(call.c_by.zero, 0), call.to));
  }
  if (is_float(call.to)) write_eight(call.c, call.to, to, count, values);
}

}  // namespace mica::cuda
