// Transposes of matrices of 32-bit elements of any type.
#pragma once

#include <cstdint>

#include "kernels/matmul/pack_simd.h"

namespace mica {

/// to[j * to_row + i] = from[i * from_row + j] for i < rows, j < columns. Vectors are loaded, shuffled and stored only:
/// all words stay what they are.
inline void transpose_words(const uint32_t* from, int64_t from_row, int64_t rows, int64_t columns, uint32_t* to,
                            int64_t to_row) {
  pack_kernels().transpose(reinterpret_cast<const float*>(from), from_row, rows, columns, reinterpret_cast<float*>(to),
                           to_row);
}

}  // namespace mica
