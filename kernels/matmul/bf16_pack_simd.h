// Rearranging floats as pairs of bfloat16 for the loops of bf16_tile_simd.h.
#pragma once

#include <stdint.h>

#include "kernels/simd/table.h"

namespace mica {

struct Bf16PackKernels {
  bool native;  ///< the CPU has an instruction for products of pairs: else floats are the faster ones

  /// Rounds k rows of 16 floats, a panel of floats, to (k + 1) / 2 rows of pairs.
  void (*panel)(const float* from, int64_t k, float* to);
  /// Rounds k adjacent floats to (k + 1) / 2 pairs.
  void (*row)(const float* from, int64_t k, float* to);
};

const Bf16PackKernels& bf16_pack_kernels();
IsaTables<Bf16PackKernels> bf16_pack_kernels_all();

}  // namespace mica
