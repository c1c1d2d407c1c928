// Vector loops of two floats in.
#pragma once

#include "kernels/elementwise/loops.h"
#include "kernels/simd/table.h"

namespace mica {

struct BinaryKernels {
  BinaryLoops add, sub, mul, div;                               // float
  BinaryLoops max, min;                                         // float; NaN where either is
  BinaryLoops pow;                                              // float; of the C function's special values
  BinaryLoops prelu;                                            // float; a < 0 ? a b : a
  BinaryLoops equal, less, less_equal, greater, greater_equal;  // float to bool
  SelectLoops select32;                                         // any elements of 32 bits
};

const BinaryKernels& binary_kernels();
IsaTables<BinaryKernels> binary_kernels_all();

}  // namespace mica
