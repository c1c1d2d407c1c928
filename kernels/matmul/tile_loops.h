// The loops of tile_simd.h, for elements that a vector type `T` multiplies: see tile_vector.h.
#pragma once

#include "kernels/matmul/tile_simd.h"
#include "kernels/matmul/tile_vector.h"

namespace mica::MICA_ISA {

constexpr int kVectors = kPanel / TileVector::kLanes;  // of a panel
// The others hold rows of b and an element of a. The scalar set makes do with few tiles.
constexpr int kAccumulators = kRegisters == 32 ? 24 : kLanes > 1 ? 12 : 8;
constexpr int kMostPanels = kLanes > 1 ? 4 : 1;
constexpr int kRows =
    kAccumulators / kVectors < TileShapes::kMostRows ? kAccumulators / kVectors : TileShapes::kMostRows;

constexpr int panels_of(int rows) {
  const int panels = kAccumulators / (rows * kVectors);
  return panels < kMostPanels ? panels : kMostPanels;
}

// One step of k. Whichever of the column of a and the row of b is shorter is held in registers.
template <class T, int Rows, int Vectors>
MICA_INLINE void step(typename T::V (&sums)[Rows][Vectors], const RowPointers<Rows>& a, const float* b,
                      int64_t b_panel) {
  using V = typename T::V;
  if constexpr (Vectors <= Rows) {
    V x[Vectors];
#pragma GCC unroll 16
    for (int v = 0; v < Vectors; ++v) x[v] = T::load(b + v / kVectors * b_panel + v % kVectors * T::kLanes);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
      const V s = T::splat(*a[i]);
#pragma GCC unroll 16
      for (int v = 0; v < Vectors; ++v) sums[i][v] = T::multiply_add(s, x[v], sums[i][v]);
    }
  } else {
    V s[Rows];
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) s[i] = T::splat(*a[i]);
#pragma GCC unroll 16
    for (int v = 0; v < Vectors; ++v) {
      const V x = T::load(b + v / kVectors * b_panel + v % kVectors * T::kLanes);
#pragma GCC unroll 16
      for (int i = 0; i < Rows; ++i) sums[i][v] = T::multiply_add(s[i], x, sums[i][v]);
    }
  }
}

/// x, of which the compiler knows nothing: a loop that ends there is neither unrolled nor peeled.
MICA_INLINE const Addend* unknown(const Addend* x) {
  asm("" : "+r"(x));
  return x;
}

template <class T, int Rows, int Vectors>
MICA_INLINE void add(typename T::V (&sums)[Rows][Vectors], const Addend& addend, int last) {
  using V = typename T::V;
  const V factor = T::splat(addend.factor);
  const float* x = addend.data;
  const int64_t row = addend.row;
  if (addend.column == 0) {
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i, x += row) {
      const V s = T::splat(*x);
#pragma GCC unroll 16
      for (int v = 0; v < Vectors; ++v) sums[i][v] = T::fma(factor, s, sums[i][v]);
    }
    return;
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i, x += row) {
#pragma GCC unroll 16
    for (int v = 0; v < Vectors - 1; ++v) sums[i][v] = T::fma(factor, T::load(x + v * T::kLanes), sums[i][v]);
    V& end = sums[i][Vectors - 1];
    end = T::fma(factor, T::load(x + (Vectors - 1) * T::kLanes, last), end);
  }
}

template <class T, int Rows, int Vectors>
void tile(const TileCall& call) {
  using V = typename T::V;
  V sums[Rows][Vectors];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 16
    for (int v = 0; v < Vectors; ++v) sums[i][v] = T::splat(0.0f);
  }
  const float* b = call.b;
  const int64_t b_row = call.b_row, b_panel = call.b_panel;
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) __builtin_prefetch(call.c + i * call.c_row, 1);

  constexpr bool kFetches = Rows > kRows / 2;  // lower tiles are done before the memory answers
  const float* next = call.next.from;
  for (int64_t piece = 0; piece < call.pieces; ++piece) {
    RowPointers<Rows> a(call.a + piece * call.a_piece, call.a_row);
    for (const float* end = a.at[0] + (call.k & ~int64_t{1}); a.at[0] != end;) {
      if constexpr (kFetches) {
        const float* line = next;
        for (int64_t column = 0; column < call.next.columns; ++column, line += call.next.column) {
          __builtin_prefetch(line, 0, 2);
          __builtin_prefetch(line + call.next.pair, 0, 2);
        }
        next += call.next.step;
      }
#pragma GCC unroll 2
      for (int twice = 0; twice < 2; ++twice, a.advance(), b += b_row) step<T, Rows, Vectors>(sums, a, b, b_panel);
    }
    if (call.k % 2 != 0) {
      step<T, Rows, Vectors>(sums, a, b, b_panel);
      b += b_row;
    }
  }

  if (call.alpha != 1) {
    const V alpha = T::splat(call.alpha);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 16
      for (int v = 0; v < Vectors; ++v) sums[i][v] = alpha * sums[i][v];
    }
  }
  const int last = call.last;
  if (call.addends[0].data != nullptr || call.addends[1].data != nullptr) {
    const Addend* x = unknown(call.addends);
    for (const Addend* const end = unknown(x + 2); x != end; ++x) {
      if (x->data != nullptr) add<T, Rows, Vectors>(sums, *x, last);
    }
  }
  if (call.bounded) {
    const V low = T::splat(call.bounds.low), high = T::splat(call.bounds.high);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 16
      for (int v = 0; v < Vectors; ++v) sums[i][v] = T::clamp(sums[i][v], low, high);
    }
  }
  float* c = call.c;
  const int64_t c_row = call.c_row;
  if (last == T::kLanes) [[likely]] {
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i, c += c_row) {
#pragma GCC unroll 16
      for (int v = 0; v < Vectors; ++v) T::store(c + v * T::kLanes, sums[i][v]);
    }
  } else {
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i, c += c_row) {
#pragma GCC unroll 16
      for (int v = 0; v < Vectors - 1; ++v) T::store(c + v * T::kLanes, sums[i][v]);
      T::store(c + (Vectors - 1) * T::kLanes, sums[i][Vectors - 1], last);
    }
  }
}

template <class T, int Rows, int Vectors, int MostRows>
constexpr void fill(TileShapes& shapes) {
  shapes.panels[Rows] = panels_of(Rows);
  if constexpr (Vectors <= panels_of(Rows) * kVectors) {
    shapes.loops[Rows][Vectors] = tile<T, Rows, Vectors>;
    fill<T, Rows, Vectors + 1, MostRows>(shapes);
  } else if constexpr (Rows < MostRows) {
    fill<T, Rows + 1, 1, MostRows>(shapes);
  }
}

/// Tiles of up to `MostRows` rows.
template <class T, int MostRows>
constexpr TileShapes all_shapes() {
  TileShapes shapes{};
  fill<T, 1, 1, MostRows>(shapes);
  return shapes;
}

}  // namespace mica::MICA_ISA
