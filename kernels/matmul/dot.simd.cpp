#include "kernels/matmul/dot_simd.h"
#include "kernels/matmul/tile_vector.h"

namespace mica::MICA_ISA {
namespace {

using T = TileVector;
using V = T::V;

MICA_INLINE float finish(const DotCall& call, float sum, int64_t i, int64_t j) {
  float y = call.alpha * sum;
  for (const Addend& x : call.addends) {
    if (x.data != nullptr) y += x.factor * x.data[i * x.row + j * x.column];
  }
  const float raised = y < call.bounds.low ? call.bounds.low : y;
  return raised > call.bounds.high ? call.bounds.high : raised;
}

// The products of rows i, i + 1, ... with columns j, j + 1, ...
template <int Rows, int Columns>
void block(const DotCall& call, int64_t i, int64_t j) {
  V sums[Rows][Columns];
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 16
    for (int c = 0; c < Columns; ++c) sums[r][c] = T::splat(0.0f);
  }
  const auto step = [&](auto load, const RowPointers<Rows>& a, const RowPointers<Columns>& b)
      __attribute__((always_inline)) {
    V x[Rows];
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) x[r] = load(a[r]);
#pragma GCC unroll 16
    for (int c = 0; c < Columns; ++c) {
      const V y = load(b[c]);
#pragma GCC unroll 16
      for (int r = 0; r < Rows; ++r) sums[r][c] = T::fma(x[r], y, sums[r][c]);
    }
  };
  RowPointers<Rows> a(call.a + i * call.a_row, call.a_row);
  RowPointers<Columns> b(call.b + j * call.b_column, call.b_column);
  for (const float* end = a.at[0] + call.k / T::kLanes * T::kLanes; a.at[0] != end;) {
    step([](const float* p) { return T::load(p); }, a, b);
    a.advance(T::kLanes);
    b.advance(T::kLanes);
  }
  if (const int rest = static_cast<int>(call.k % T::kLanes); rest != 0) {
    step([rest](const float* p) { return T::load(p, rest); }, a, b);
  }
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 16
    for (int c = 0; c < Columns; ++c)
      call.c[(i + r) * call.c_row + j + c] = finish(call, T::sum(sums[r][c]), i + r, j + c);
  }
}

template <int Rows>
void rows_of(const DotCall& call, int64_t i, int64_t columns) {
  constexpr int kColumns = Rows == 1 && kLanes > 1 ? 8 : 4;
  int64_t j = 0;
  for (; j + kColumns <= columns; j += kColumns) block<Rows, kColumns>(call, i, j);
  for (; j < columns; ++j) block<Rows, 1>(call, i, j);
}

void dots(const DotCall& call, int64_t rows, int64_t columns) {
  int64_t i = 0;
  if constexpr (kLanes > 1) {
    for (; i + 3 <= rows; i += 3) rows_of<3>(call, i, columns);
    if (rows - i == 2) return rows_of<2>(call, i, columns);
  }
  for (; i < rows; ++i) rows_of<1>(call, i, columns);
}

}  // namespace

MICA_SIMD_TABLE(DotKernels, dot_kernels) = {
    .dots = dots,
};

}  // namespace mica::MICA_ISA
