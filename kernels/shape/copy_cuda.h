// Launchers of CUDA kernels that move elements.
#pragma once

#include "kernels/cuda/walk.h"

namespace mica::cuda {

/// to[walk.of[1]] = from[walk.of[0]] for elements of `width` bytes.
void launch_copy(const void* from, void* to, int64_t width, const Walk<2>& walk, void* stream);

/// The same where, besides the walk, the innermost axis of `from` is `columns` long and that of `to`, `rows`:
/// to[column * column_step + row] = from[row * row_step + column]. Both sides are read and written in whole lines.
struct Transposition {
  int64_t rows = 0, columns = 0;
  int64_t row_step = 0, column_step = 0;
  Walk<2> walk;  ///< of the matrices
};
void launch_transpose(const void* from, void* to, int64_t width, const Transposition& call, void* stream);

/// One element of `width` bytes, whose bits are the lowest of `bits`, everywhere.
void launch_fill(void* to, int64_t width, uint64_t bits, int64_t count, void* stream);

/// Keeps the part of each height x width matrix above (upper) or below diagonal k, that included; zeros elsewhere.
struct Triangle {
  int64_t height, width, k;
  bool upper;
};
void launch_triangle(const void* from, void* to, int64_t element_width, int64_t count, const Triangle& triangle,
                     void* stream);

}  // namespace mica::cuda
