// A loop of nothing but multiply-adds in registers, which measures what a core can do at most.
#pragma once

#include <stdint.h>

#include "kernels/simd/table.h"

namespace mica {

struct PeakKernels {
  /// Runs `rounds` rounds over `sums` (which must have `kSums` elements, and changes) and returns how many floating
  /// point operations that was.
  int64_t (*multiply_add)(int64_t rounds, float* sums);
  static constexpr int kSums = 24 * 16;
};

const PeakKernels& peak_kernels();
IsaTables<PeakKernels> peak_kernels_all();

}  // namespace mica
