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
void copy_box(void* tile, const cuda::TensorMap& map, CopyBarrier* barrier, const std::array<int, 4>& at);

// Products are computed when they are waited for: a kernel that reads sums before, or lets go of a tile or touches what
// is multiplied, computes something else.

/// sums = a * b, or += : of 64 x 16 and 16 x 128 elements, by all threads of a warpgroup.
void multiply_tiles(float* sums, uint64_t a, uint64_t b, Operand operand, bool across_b, bool add);
/// sums += a * b, of 16 x `columns` elements in b, which lies across k; each thread has fragments of a.
void multiply_registers(float* sums, int columns, const uint32_t* a, uint64_t b, Operand operand);
/// Makes one group of the products since the last.
void commit_products();
/// Waits for all groups but the last `groups_left`.
void wait_for_products(int groups_left);

}  // namespace mica::emulator
