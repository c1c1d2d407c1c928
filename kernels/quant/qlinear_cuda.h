// Launchers of CUDA kernels of functions of quantised tensors.
#pragma once

#include "kernels/conv/window_cuda.h"
#include "kernels/elementwise/elementwise_cuda.h"
#include "kernels/quant/quant_numbers.h"

namespace mica::cuda {

/// y = quantize(dequantize(a) + dequantize(b)), or of their product, the operands read by the walk over y's elements.
/// All are of one type, int8 or uint8.
struct QLinearBinaryCall {
  bool product;
  Number number;
  const void* a;
  const void* b;
  void* y;
  TensorQuantization a_by, b_by, y_by;
  Walk<2> walk;
};
void launch_qlinear_binary(const QLinearBinaryCall& call, void* stream);

/// y = quantize(f(dequantize(x))), of int8 or uint8, both read and written by the walk.
struct QLinearMapCall {
  UnaryFunction function;
  float alpha;
  Number number;
  const void* x;
  void* y;
  TensorQuantization x_by, y_by;
  Walk<2> walk;  ///< x, y
};
void launch_qlinear_map(const QLinearMapCall& call, void* stream);

/// y = quantize(mean of the window of dequantize(x)), of every channel of `batch` images of int8 or uint8.
struct QLinearPoolCall : DeviceWindow {
  Number number;
  const void* x;
  void* y;
  TensorQuantization x_by, y_by;
  int32_t batch, channels;
  bool count_padding;  ///< means divide by the elements of the padding too
  bool whole_planes;   ///< every window is: means are rounded once
};
void launch_qlinear_pool(const QLinearPoolCall& call, void* stream);

}  // namespace mica::cuda
