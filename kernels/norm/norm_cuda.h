// Launcher of the CUDA kernels that normalise rows.
#pragma once

#include "kernels/cuda/number.h"

namespace mica::cuda {

/// y = (s - mean) / sqrt(variance + epsilon) * scale + bias, for rows s = x + skip + skip_bias; with `rms` without the
/// mean. Null pointers: absent. y may be x.
struct NormCall {
  Number number;  ///< of x, y, scale, bias, skip, skip_bias and sum
  const void* x;
  void* y;
  int64_t rows, width;
  const void* scale;
  const void* bias;
  float epsilon;
  bool rms;
  const void* skip = nullptr;  ///< `skip_rows` rows, repeated
  int64_t skip_rows = 1;
  const void* skip_bias = nullptr;  ///< one row
  void* sum = nullptr;              ///< s
  float* mean = nullptr;            ///< of each row
  float* inverse_deviation = nullptr;
};
void launch_norm(const NormCall& call, void* stream);

}  // namespace mica::cuda
