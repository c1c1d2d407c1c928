// Loops of the reductions that have no vector loops (reduce_simd.h): those of double, of integers, and LogSumExp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/reduce/reduce_function.h"
#include "runtime/base/dtype.h"

namespace mica {

/// A function of a set of elements has a state that begins at `start`, takes elements by `add`, and joins that of
/// another part of the set by `join`. Sums and products of integers are kept in 64 bits and wrap around; LogSumExp is
/// computed in float for floats up to that and else in double.
struct PlainReduce {
  /// states[j] takes n elements that begin at x + j and are `stride` apart, for j < columns.
  using Loop = void (*)(const void* x, int64_t n, int64_t stride, void* states, int64_t columns, uint64_t mask);

  static constexpr size_t kMostStateBytes = 16;
  static constexpr int64_t kBlock = 256;  ///< most elements that `read` is given at once

  size_t element_size = 0;  ///< of what `add` reads
  size_t state_size = 0;
  void (*start)(void* states, int64_t n) = nullptr;
  Loop add = nullptr;
  Loop join = nullptr;  ///< like `add`, of states instead of elements
  /// Bits that `add` flips in what it reads, so that the largest stands for the smallest element, or signed numbers for
  /// unsigned ones. Such a state is finished by flipping them back.
  uint64_t mask = 0;
  /// Converts n elements of the tensor to what `add` reads; null where that is the elements themselves.
  void (*read)(DType dtype, const void* x, void* block, int64_t n) = nullptr;
};

/// All null for types that the function is not defined for.
PlainReduce plain_reduce(ReduceFunction function, DType dtype);

/// y[i] = the lowest `bits` (8, 16, 32 or 64) of x[i].
void take_low_bytes(const uint64_t* x, int64_t n, int bits, void* y);
/// y[i] = x[i] ^ mask, in elements of so many bits.
void flip_bits(const void* x, int64_t n, int bits, uint64_t mask, void* y);

}  // namespace mica
