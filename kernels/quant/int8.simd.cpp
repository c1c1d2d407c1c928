// Products of matrices of 8-bit integers.
// extensions: avx512_vnni
#include "kernels/matmul/tile_vector.h"
#include "kernels/quant/int8_simd.h"
#include "kernels/simd/dot.h"

namespace mica::MICA_ISA {
namespace {

constexpr int kVectors = kLanes == 1 ? 4 : 2;  // of a panel
constexpr int kColumns = kVectors * kLanes;
constexpr int kFreeRegisters = kRegisters - kVectors - 2;  // less the columns, a row and a product
constexpr int kMostRows = kFreeRegisters / kVectors;
constexpr int kRows = kMostRows < 12 ? kMostRows : 12;

MICA_INLINE int64_t padded(int64_t k) {
  return (k + kDot - 1) / kDot * kDot;
}

// Sums of products in int32 wrap around, as unsigned numbers do.
MICA_INLINE int32_t wrap(uint32_t x) {
  return static_cast<int32_t>(x);
}

int32_t pack_row(const uint8_t* a, int64_t stride, int64_t k, uint8_t flip, void* row) {
  RowElement* to = static_cast<RowElement*>(row);
  uint32_t sum = 0;
  if (stride == 1) {
    for (int64_t i = 0; i < k; ++i) to[i] = static_cast<uint8_t>(a[i] ^ flip);
  } else {
    for (int64_t i = 0; i < k; ++i) to[i] = static_cast<uint8_t>(a[i * stride] ^ flip);
  }
  for (int64_t i = 0; i < k; ++i) sum += static_cast<uint32_t>(to[i]);
  for (int64_t i = k; i < padded(k); ++i) to[i] = 0;
  return wrap(sum);
}

// c -= x[r] * y[j]
void subtract_products(int rows, const int32_t* x, const int32_t* y, int32_t* c, int64_t c_pitch) {
  for (int r = 0; r < rows; ++r, c += c_pitch) {
    const uint32_t factor = static_cast<uint32_t>(x[r]);
    for (int j = 0; j < kColumns; ++j) {
      c[j] = wrap(static_cast<uint32_t>(c[j]) - factor * static_cast<uint32_t>(y[j]));
    }
  }
}

// Adds kDot elements along k of R rows and a panel to the sums from row `First` on.
template <int R, int First, int All>
MICA_INLINE void step(Ints (&sum)[All][kVectors], const RowPointers<R, RowElement>& a, const int8_t* panel) {
  Ints columns[kVectors];
#pragma GCC unroll kUnrolled
  for (int v = 0; v < kVectors; ++v) columns[v] = load_columns(panel + v * kLanes * kDot);
#pragma GCC unroll kUnrolled
  for (int r = 0; r < R; ++r) {
    const Ints row = load_row(a[r]);
#pragma GCC unroll kUnrolled
    for (int v = 0; v < kVectors; ++v) sum[First + r][v] = dot(sum[First + r][v], row, columns[v]);
  }
}

template <int R, int All>
MICA_INLINE void store_as_bytes(const Ints (&sum)[All][kVectors], const ByteResult& y) {
  Vec scales[kVectors];
#pragma GCC unroll kUnrolled
  for (int v = 0; v < kVectors; ++v) scales[v] = load(y.scales + v * kLanes);
  const bool whole = !kMasks && y.columns >= kColumns;
  const int columns = y.columns < kColumns ? static_cast<int>(y.columns) : kColumns;
  uint8_t* to = y.data;
#pragma GCC unroll kUnrolled
  for (int r = 0; r < R; r += 2, to += 2 * y.pitch) {
    const int other = r + 1 < R ? r + 1 : r;  // the last row may stand for two
    uint8_t* const to_other = r + 1 < R ? to + y.pitch : to;
#pragma GCC unroll kUnrolled
    for (int v = 0; v < kVectors; v += 2) {
      const Bytes4 bytes = pack_four(to_floats(sum[r][v]) * scales[v], to_floats(sum[r][v + 1]) * scales[v + 1],
                                     to_floats(sum[other][v]) * scales[v], to_floats(sum[other][v + 1]) * scales[v + 1],
                                     y.zero, y.is_signed);
      if (whole) {
        store_part<2, 0>(to + v * kLanes, bytes);
        store_part<2, 1>(to_other + v * kLanes, bytes);
      } else if (const int n = columns - v * kLanes; n > 0) {
        store_half<0>(to + v * kLanes, bytes, n);
        store_half<1>(to_other + v * kLanes, bytes, n);
      }
    }
  }
}

// What follows for rows whose sums are in c: the terms of zero points, and the bytes where these are the result.
[[gnu::noinline]] void finish(const Int8Tile& t, int rows) {
  if (t.a_zero != nullptr) subtract_products(rows, t.a_zero, t.b_sum, t.c, t.c_pitch);
  if (t.b_zero != nullptr) subtract_products(rows, t.a_rest, t.b_zero, t.c, t.c_pitch);
  if (t.y.data == nullptr) return;
  for (int r = 0; r < rows; ++r) {
    Ints row[1][kVectors];
    for (int v = 0; v < kVectors; ++v) row[0][v] = load_sums(t.c + r * t.c_pitch + v * kLanes);
    ByteResult y = t.y;
    y.data += r * y.pitch;
    store_as_bytes<1>(row, y);
  }
}

// R rows of sums over one panel. Few rows make few independent chains of additions: then every kChains-th group of
// elements gets sums of its own, in rows behind.
template <int R>
void multiply_rows(const Int8Tile& t) {
  constexpr int kChains = R == 1 ? 4 : R == 2 ? 2 : 1;
  constexpr int kStep = kColumns * kDot;
  Ints sum[kChains * R][kVectors];
#pragma GCC unroll kUnrolled
  for (int r = 0; r < kChains * R; ++r) {
    const Ints start = splat_ints(r < R ? t.row_start[r] : 0);
#pragma GCC unroll kUnrolled
    for (int v = 0; v < kVectors; ++v) {
      sum[r][v] = r < R ? start + load_sums(t.column_start + v * kLanes) : start;
    }
  }
  const RowElement* const rows = static_cast<const RowElement*>(t.a);
  const int64_t pitch = t.a_pitch / static_cast<int64_t>(sizeof(RowElement));
  const int8_t* panel = t.panel;
  for (int64_t piece = 0; piece < t.pieces; ++piece) {
    RowPointers<R, RowElement> a(rows + (t.piece_offsets != nullptr ? t.piece_offsets[piece] : 0), pitch);
    const int8_t* const end = panel + t.k * kColumns;
    if constexpr (kChains > 1) {
      for (; end - panel >= kChains * kStep; panel += kChains * kStep) {
        step<R, 0>(sum, a, panel);
        a.advance(kDot);
        step<R, R>(sum, a, panel + kStep);
        a.advance(kDot);
        if constexpr (kChains == 4) {
          step<R, 2 * R>(sum, a, panel + 2 * kStep);
          a.advance(kDot);
          step<R, 3 * R>(sum, a, panel + 3 * kStep);
          a.advance(kDot);
        }
      }
    }
    for (; panel != end; panel += kStep, a.advance(kDot)) step<R, 0>(sum, a, panel);
  }
#pragma GCC unroll kUnrolled
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll kUnrolled
    for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll kUnrolled
      for (int chain = 1; chain < kChains; ++chain) sum[r][v] = sum[r][v] + sum[chain * R + r][v];
    }
  }
  const bool has_terms = t.a_zero != nullptr || t.b_zero != nullptr;
  if (t.y.data != nullptr && !has_terms) return store_as_bytes<R>(sum, t.y);

  int32_t* c = t.c;
  const int64_t c_pitch = t.c_pitch;
#pragma GCC unroll kUnrolled
  for (int r = 0; r < R; ++r, c += c_pitch) {
#pragma GCC unroll kUnrolled
    for (int v = 0; v < kVectors; ++v) store_ints(c + v * kLanes, sum[r][v]);
  }
  if (has_terms) finish(t, R);
}

void sum_columns(const int8_t* panel, int64_t k, int32_t* sums) {
  RowElement ones[kDot];
  for (int d = 0; d < kDot; ++d) ones[d] = 1;
  const Ints row = load_row(ones);
  for (int v = 0; v < kVectors; ++v) {
    Ints sum = splat_ints(0);
    const int8_t* from = panel + v * kLanes * kDot;
    for (int64_t i = 0; i < k; i += kDot) sum = dot(sum, row, load_columns(from + i * kColumns));
    store_ints(sums + v * kLanes, sum);
  }
}

// One step's elements of the first n columns: rows i to i + kDot of B, of which `rows` are there.
MICA_INLINE void pack_group(const uint8_t* b, int64_t row, int64_t column, int rows, int64_t n, uint8_t flip,
                            int8_t* to) {
  if (rows == kDot && column == 1) {
#pragma GCC unroll kUnrolled
    for (int v = 0; v < kVectors; ++v) {
      const int64_t rest = n - v * kLanes;
      const int count = rest >= kLanes ? kLanes : rest > 0 ? static_cast<int>(rest) : 0;
      interleave(b + v * kLanes, row, count, flip, to + v * kLanes * kDot);
    }
    return;
  }
  for (int64_t j = 0; j < kColumns; ++j) {
    for (int d = 0; d < kDot; ++d) {
      to[j * kDot + d] = d < rows && j < n ? static_cast<int8_t>(b[d * row + j * column] ^ flip) : int8_t{0};
    }
  }
}

void pack_panel(const uint8_t* b, int64_t row, int64_t column, int64_t k, int64_t n, uint8_t flip, int8_t* panel,
                int32_t* sums) {
  for (int64_t i = 0; i < k; i += kDot) {
    const int rows = k - i < kDot ? static_cast<int>(k - i) : kDot;
    pack_group(b + i * row, row, column, rows, n, flip, panel + i * kColumns);
  }
  sum_columns(panel, padded(k), sums);
}

template <int R>
void multiply(const Int8Tile& t) {
  if constexpr (R > 1) {
    if (t.rows < R) return multiply<R - 1>(t);
  }
  multiply_rows<R>(t);
}

}  // namespace

MICA_SIMD_TABLE(Int8Kernels, int8_kernels) = {
    .depth = kDot,
    .rows = kRows,
    .columns = kColumns,
    .row_element = sizeof(RowElement),
    .pack_row = pack_row,
    .pack_panel = pack_panel,
    .sum_columns = sum_columns,
    .multiply = multiply<kRows>,
};

}  // namespace mica::MICA_ISA
