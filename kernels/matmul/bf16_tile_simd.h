// The loops of tile_simd.h for operands of bfloat16: an element of a, and of b, is a pair of numbers adjacent along k
// in the bits of a float, the first in the lower half, and k counts pairs. Sums and all that is added to them are
// floats.
#pragma once

#include "kernels/matmul/tile_simd.h"

namespace mica {

const TileKernels& bf16_tile_kernels();
IsaTables<TileKernels> bf16_tile_kernels_all();

}  // namespace mica
