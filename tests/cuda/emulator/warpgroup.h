// What kernels/cuda/warpgroup.cuh has of Hopper GPUs, emulated.
#pragma once

#include <array>

#include "backends/cuda/tensor_layout.h"
#include "tests/cuda/emulator/emulator.h"
#include "tests/cuda/emulator/fragments.h"

namespace mica::emulator {

/// Eight bytes, as those of a GPU.
struct CopyBarrier {
  int16_t arrivals, missing;  ///< of a phase; of this one
  int32_t bytes : 31;         ///< that are announced and not there yet
  uint32_t phase : 1 = 0;     ///< number of the phase, modulo 2

  void arrive(unsigned announced);
  void complete(unsigned copied);

 private:
  void end_phase();
};

/// Copies a box, the elements that are not in the tensor as zeros, in the order of the 128-byte swizzle.
void copy_box(void* tile, const cuda::TensorMap& map, CopyBarrier* barrier, const std::array<int, 3>& at);

/// sums = a * b, or += : of 64 x 16 and 16 x 128 elements, by all threads of a warpgroup.
void multiply_tiles(float* sums, uint64_t a, uint64_t b, Operand operand, bool across_b, bool add);

}  // namespace mica::emulator
