// Kernels that do nothing but use fragments, for tests.
#pragma once

#include "kernels/cuda/number.h"

namespace mica::cuda {

/// c += a * b by one warp, c being 16 x 8 floats, all with rows of adjacent elements: for F16 and BF16 of k = 16, with
/// fragments from ldmatrix, out of tiles in shared memory that asynchronous copies fill; for F32 of k = 8, in tf32; for
/// I8 of k = 32, of which b has columns of adjacent elements.
void launch_fragment_product(Number number, const void* a, const void* b, float* c, void* stream);

/// sums[i] += the dot product of bytes 4 i to 4 i + 3 of a and b, signed, for i < 32.
void launch_dots(const void* a, const void* b, int32_t* sums, void* stream);

/// Copies the first `count` bytes, and zeros to 16 times 16 bytes.
void launch_short_copies(const void* from, void* to, int count, void* stream);

}  // namespace mica::cuda
