#include "kernels/shape/transpose_words.h"

#include "kernels/matmul/pack_simd.h"

namespace mica {
namespace {

// Rows of `N` elements from as many rows.
template <int N>
void interleave(const uint32_t* from, int64_t from_row, int64_t count, uint32_t* to) {
  for (int64_t i = 0; i < count; ++i) {
    for (int j = 0; j < N; ++j) to[i * N + j] = from[j * from_row + i];
  }
}

// The other way round.
template <int N>
void part(const uint32_t* from, int64_t count, uint32_t* to, int64_t to_row) {
  for (int j = 0; j < N; ++j) {
    for (int64_t i = 0; i < count; ++i) to[j * to_row + i] = from[i * N + j];
  }
}

}  // namespace

void transpose_words(const uint32_t* from, int64_t from_row, int64_t rows, int64_t columns, uint32_t* to,
                     int64_t to_row) {
  constexpr int64_t kNarrow = 4;
  if (rows == to_row && rows <= kNarrow) {
    if (rows == 2) return interleave<2>(from, from_row, columns, to);
    if (rows == 3) return interleave<3>(from, from_row, columns, to);
    if (rows == 4) return interleave<4>(from, from_row, columns, to);
  }
  if (columns == from_row && columns <= kNarrow) {
    if (columns == 2) return part<2>(from, rows, to, to_row);
    if (columns == 3) return part<3>(from, rows, to, to_row);
    if (columns == 4) return part<4>(from, rows, to, to_row);
  }
  // Vectors are loaded, shuffled and stored only: all words stay what they are.
  pack_kernels().transpose(reinterpret_cast<const float*>(from), from_row, rows, columns, reinterpret_cast<float*>(to),
                           to_row);
}

}  // namespace mica
