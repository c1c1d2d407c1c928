// Launchers of the CUDA kernels of activations that see rows.
#pragma once

#include "kernels/elementwise/elementwise_cuda.h"

namespace mica::cuda {

/// f is Silu, Gelu or GeluTanh.
struct RowActivationCall {
  UnaryFunction function;
  Number number;
  const void* x;
  void* y;
  int64_t rows, width;          ///< of y
  const void* terms = nullptr;  ///< of biased: [width]
};
/// y = f(a) * b, where each row of x is a row of a beside one of b.
void launch_gated(const RowActivationCall& call, void* stream);
/// y = f(x + terms). y may be x.
void launch_biased(const RowActivationCall& call, void* stream);

}  // namespace mica::cuda
