#include "kernels/matmul/tile_loops.h"

namespace mica::MICA_ISA {

MICA_SIMD_TABLE(TileKernels, tile_kernels) = {
    .lanes = TileVector::kLanes,
    .rows = kRows,
    .shapes = all_shapes<TileVector, kRows>(),
};

}  // namespace mica::MICA_ISA
