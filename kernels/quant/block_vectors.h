// Groups of columns of weights quantised in blocks, for the files that are compiled once per instruction set.
#pragma once

#include "kernels/quant/block_bytes_simd.h"
#include "kernels/quant/block_weights_simd.h"
#include "kernels/simd/dot.h"

namespace mica::MICA_ISA {

inline constexpr int kGroupVectors = kLanes == 16 ? 4 : 16 / kLanes;
inline constexpr int kGroupColumns = kGroupVectors * kLanes;

MICA_INLINE Ints load_words(const uint32_t* p) {
  return load_sums(reinterpret_cast<const int32_t*>(p));
}

/// Zero points by block: bytes, or floats that may be the same vector for all.
struct BlockZeros {
  const uint8_t* bytes;
  const float* floats;
  int64_t step;  ///< elements of `floats` from one column to the next, 0 or 1
  alignas(64) float same[kLanes];

  explicit MICA_INLINE BlockZeros(const BlockColumns& of)
      : bytes(of.zeros), floats(of.zero_floats), step(of.zero_floats != nullptr ? 1 : 0) {
    store(same, splat(of.zero));
    if (floats == nullptr) floats = same;
  }
  /// Of block `block` and a vector of columns.
  MICA_INLINE Vec at(int64_t block, int v) const {
    const int64_t i = block * kGroupColumns + v * kLanes;
    return bytes != nullptr ? load_u8(bytes + i) : load(floats + i * step);
  }
};

/// total += scale * (sum - zero * row_sum), for the rows and columns of a block; sum(r, v) is a Vec.
template <int Rows, class Sum>
MICA_INLINE void add_block(const BlockColumns& of, const BlockZeros& zeros, int64_t block,
                           const float (&row_sums)[Rows], Vec (&total)[Rows][kGroupVectors], Sum sum) {
#pragma GCC unroll kUnrolled
  for (int v = 0; v < kGroupVectors; ++v) {
    const Vec scale = load(of.scales + block * kGroupColumns + v * kLanes), zero = zeros.at(block, v);
#pragma GCC unroll kUnrolled
    for (int r = 0; r < Rows; ++r) total[r][v] = fma(fnma(zero, splat(row_sums[r]), sum(r, v)), scale, total[r][v]);
  }
}

MICA_INLINE BlockFloatRows row_of(BlockFloatRows of, int64_t row) {
  of.a += row * of.a_pitch;
  of.sums += row * of.weights.blocks;
  of.y += row * kGroupColumns;
  return of;
}
MICA_INLINE BlockByteRows row_of(BlockByteRows of, int64_t row) {
  of.a += row * of.a_pitch;
  of.scales += row * of.weights.blocks;
  of.sums += row * of.weights.blocks;
  of.y += row * kGroupColumns;
  return of;
}

/// Kernel<bits, Rows>::run(of) for of.rows rows.
template <template <int, int> class Kernel, int bits, class Call>
void multiply_few(const Call& of) {
  if constexpr (kLanes == 1) {
    for (int64_t row = 0; row < of.rows; ++row) Kernel<bits, 1>::run(row_of(of, row));
  } else {
    switch (of.rows) {
      case 1:
        return Kernel<bits, 1>::run(of);
      case 2:
        return Kernel<bits, 2>::run(of);
      case 3:
        return Kernel<bits, 3>::run(of);
      default:
        return Kernel<bits, 4>::run(of);
    }
  }
}

template <int Rows>
MICA_INLINE void clear(Vec (&total)[Rows][kGroupVectors]) {
  for (int r = 0; r < Rows; ++r) {
    for (int v = 0; v < kGroupVectors; ++v) total[r][v] = splat(0.0f);
  }
}

template <int Rows>
MICA_INLINE void store_rows(const Vec (&total)[Rows][kGroupVectors], float* y) {
  for (int r = 0; r < Rows; ++r) {
    for (int v = 0; v < kGroupVectors; ++v) store(y + r * kGroupColumns + v * kLanes, total[r][v]);
  }
}

}  // namespace mica::MICA_ISA
