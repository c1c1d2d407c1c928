// Transposes of matrices of 32-bit elements of any type.
#pragma once

#include <cstdint>

namespace mica {

/// to[j * to_row + i] = from[i * from_row + j] for i < rows, j < columns.
void transpose_words(const uint32_t* from, int64_t from_row, int64_t rows, int64_t columns, uint32_t* to,
                     int64_t to_row);

}  // namespace mica
