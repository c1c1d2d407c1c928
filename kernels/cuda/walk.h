// Index arithmetic of operands that are walked together: where each has the element that belongs to an index. The
// functions run in kernels (nvcc --expt-relaxed-constexpr) and, in tests, on the CPU.
#pragma once

#include <stdint.h>

namespace mica::cuda {

/// Division by a number known beforehand, of numbers below 2^31: a multiplication and a shift
/// (Granlund and Montgomery, "Division by Invariant Integers using Multiplication").
struct Divisor {
  uint32_t multiplier = 1, shift = 0;

  constexpr Divisor() = default;
  constexpr explicit Divisor(uint32_t divisor) {
    while ((uint64_t{1} << shift) < divisor) ++shift;
    multiplier = static_cast<uint32_t>((((uint64_t{1} << shift) - divisor) << 32) / divisor + 1);
  }
  constexpr uint32_t divide(uint32_t n) const {
    const uint32_t high = static_cast<uint32_t>(static_cast<uint64_t>(n) * multiplier >> 32);
    return (high + n) >> shift;
  }
};

/// Nested loops over axes, in which each of N operands takes a step along each axis; 0 where it repeats. Axes are added
/// from the innermost to the outermost, and those that all operands cross evenly become one.
template <int N>
struct Walk {
  static constexpr int kMostAxes = 16;

  struct Steps {
    int64_t of[N];
  };

  int64_t elements = 1;
  int rank = 0;
  bool small = true;  ///< all indices are below 2^31
  int64_t extents[kMostAxes] = {};
  Divisor divisors[kMostAxes] = {};
  Steps steps[kMostAxes] = {};
  Steps start = {};

  constexpr void add(int64_t extent, const Steps& step) {
    elements *= extent;
    small = elements < int64_t{1} << 31;
    if (extent == 1) return;
    if (rank > 0) {
      bool joins = true;
      for (int i = 0; i < N; ++i) joins = joins && step.of[i] == steps[rank - 1].of[i] * extents[rank - 1];
      if (joins) {
        set_extent(rank - 1, extents[rank - 1] * extent);
        return;
      }
    }
    set_extent(rank, extent);
    steps[rank++] = step;
  }

  /// Offsets of the operands' elements at an index below `elements`.
  constexpr Steps at(int64_t index) const {
    Steps offsets = start;
    if (small) {
      uint32_t rest = static_cast<uint32_t>(index);
      for (int axis = 0; axis < rank; ++axis) {
        const uint32_t quotient = axis + 1 < rank ? divisors[axis].divide(rest) : 0;
        advance(offsets, axis, rest - quotient * static_cast<uint32_t>(extents[axis]));
        rest = quotient;
      }
    } else {
      for (int axis = 0; axis < rank; ++axis) {
        const int64_t quotient = axis + 1 < rank ? index / extents[axis] : 0;
        advance(offsets, axis, index - quotient * extents[axis]);
        index = quotient;
      }
    }
    return offsets;
  }

  /// Whether operand i has its elements one behind the other.
  constexpr bool is_dense(int i) const { return rank == 0 || (rank == 1 && steps[0].of[i] == 1); }

 private:
  constexpr void advance(Steps& offsets, int axis, int64_t place) const {
    for (int i = 0; i < N; ++i) offsets.of[i] += place * steps[axis].of[i];
  }
  constexpr void set_extent(int axis, int64_t extent) {
    extents[axis] = extent;
    divisors[axis] = extent > 0 && extent < int64_t{1} << 31 ? Divisor(static_cast<uint32_t>(extent)) : Divisor();
  }
};

}  // namespace mica::cuda
