// Vector loops of activations that follow a product of matrices.
#pragma once

#include <stdint.h>

#include "kernels/matmul/epilogue.h"
#include "kernels/simd/table.h"

namespace mica {

struct ActivateKernels {
  /// Applies the activation in place to rows of a matrix.
  void (*activate)(const Epilogue& epilogue, float* c, int64_t c_row, int64_t rows, int64_t columns);
};

const ActivateKernels& activate_kernels();
IsaTables<ActivateKernels> activate_kernels_all();

}  // namespace mica
