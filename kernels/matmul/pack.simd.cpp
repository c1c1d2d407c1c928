#include "kernels/matmul/pack_simd.h"
#include "kernels/matmul/tile_simd.h"
#include "kernels/simd/vec.h"

namespace mica::MICA_ISA {
namespace {

MICA_INLINE int64_t least(int64_t a, int64_t b) {
  return a < b ? a : b;
}

template <class S>
constexpr int64_t kLine = 64 / sizeof(typename S::Type);  // of a cache

// Of each row, a run long enough for the memory to be read in order is distributed over as many panels as can be
// written side by side. Rows lie too far apart for the processor to guess the next ones.
template <class S>
void panels(const void* source, int64_t stride, int64_t k, int64_t n, float* to, int64_t to_panel) {
  constexpr int64_t kRun = 8 * kPanel, kAhead = 16;
  const auto* from = static_cast<const typename S::Type*>(source);
  for (int64_t j0 = 0; j0 < n; j0 += kRun, to += kRun / kPanel * to_panel) {
    const int64_t width = least(kRun, n - j0);
    for (int64_t p = 0; p < k; ++p) {
      const auto* row = from + p * stride + j0;
      float* panel = to + p * kPanel;
      if (p + kAhead < k) {
        for (int64_t i = 0; i < width; i += kLine<S>) __builtin_prefetch(row + kAhead * stride + i, 0, 2);
      }
      int64_t j = 0;
      for (; j + kPanel <= width; j += kPanel, panel += to_panel) {
#pragma GCC unroll kUnrolled
        for (int v = 0; v < kPanel; v += kLanes) store(panel + v, S::load(row + j + v));
      }
      if (j == width) continue;
      for (int v = 0; v < kPanel; v += kLanes, j += kLanes) {
        const int count = static_cast<int>(least(kLanes, width - j));
        store(panel + v, count > 0 ? S::load(row + j, count) : zero());
      }
    }
  }
}

// Writes the transpose of up to kLanes rows and columns; `width` elements of each row of the result, zeros from `rows`
// on.
template <class S>
MICA_INLINE void square(const typename S::Type* from, int64_t from_row, int rows, int columns, float* to,
                        int64_t to_row, int width) {
  Vec r[kLanes];
  if (rows == kLanes && columns == kLanes && width == kLanes) {
#pragma GCC unroll kUnrolled
    for (int i = 0; i < kLanes; ++i) r[i] = S::load(from + i * from_row);
    transpose(r);
#pragma GCC unroll kUnrolled
    for (int i = 0; i < kLanes; ++i) store(to + i * to_row, r[i]);
    return;
  }
  for (int i = 0; i < kLanes; ++i) r[i] = i < rows ? S::load(from + i * from_row, columns) : zero();
  transpose(r);
  for (int i = 0; i < columns; ++i) store(to + i * to_row, r[i], width);
}

// `width` elements of each row of the result, zeros from `rows` on.
template <class S>
MICA_INLINE void transposed(const typename S::Type* from, int64_t from_row, int64_t rows, int64_t columns, float* to,
                            int64_t to_row, int64_t width) {
  for (int64_t j = 0; j < columns; j += kLanes) {
    const int count = static_cast<int>(least(kLanes, columns - j));
    for (int64_t i = 0; i < width; i += kLanes) {
      const int given = rows > i ? static_cast<int>(least(kLanes, rows - i)) : 0;
      square<S>(from + i * from_row + j, from_row, given, count, to + j * to_row + i, to_row,
                static_cast<int>(least(kLanes, width - i)));
    }
  }
}

template <class S>
void transposed_panels(const void* source, int64_t stride, int64_t k, int64_t n, float* to, int64_t to_panel) {
  const auto* from = static_cast<const typename S::Type*>(source);
  for (int64_t j = 0; j < n; j += kPanel, to += to_panel) {
    transposed<S>(from + j * stride, stride, least(kPanel, n - j), k, to, kPanel, kPanel);
  }
}

// Rows of `N` elements from as many rows.
template <int N>
void interleave(const float* __restrict from, int64_t from_row, int64_t count, float* __restrict to) {
  for (int64_t i = 0; i < count; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < N; ++j) to[i * N + j] = from[j * from_row + i];
  }
}

// The other way round.
template <int N>
void part(const float* __restrict from, int64_t count, float* __restrict to, int64_t to_row) {
  for (int64_t i = 0; i < count; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < N; ++j) to[j * to_row + i] = from[i * N + j];
  }
}

void transpose_matrix(const float* from, int64_t from_row, int64_t rows, int64_t columns, float* to, int64_t to_row) {
  if (rows == to_row) {
    if (rows == 2) return interleave<2>(from, from_row, columns, to);
    if (rows == 3) return interleave<3>(from, from_row, columns, to);
    if (rows == 4) return interleave<4>(from, from_row, columns, to);
  }
  if (columns == from_row) {
    if (columns == 2) return part<2>(from, rows, to, to_row);
    if (columns == 3) return part<3>(from, rows, to, to_row);
    if (columns == 4) return part<4>(from, rows, to, to_row);
  }
  constexpr int64_t kRun = 64;  // rows, so that cache lines of the result are completed soon
  for (int64_t i = 0; i < rows; i += kRun) {
    const int64_t count = least(kRun, rows - i);
    transposed<F32>(from + i * from_row, from_row, count, columns, to + i, to_row, count);
  }
}

}  // namespace

MICA_SIMD_TABLE(PackKernels, pack_kernels) = {
    .panels = {panels<F32>, panels<F16>, panels<BF16>},
    .transposed_panels = {transposed_panels<F32>, transposed_panels<F16>, transposed_panels<BF16>},
    .transpose = transpose_matrix,
};

}  // namespace mica::MICA_ISA
