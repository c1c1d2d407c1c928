// Products of matrices of 8-bit integers.
// extensions: avx512_vnni
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

// R rows of sums over one panel. Few rows make few independent chains of additions: then every kChains-th group of
// elements gets sums of its own.
template <int R>
MICA_INLINE void sums_of_rows(const RowElement* a, int64_t pitch, const int8_t* panel, int64_t k, int32_t* c,
                              int64_t c_pitch) {
  constexpr int kChains = R == 1 ? 4 : R == 2 ? 2 : 1;
  Ints sum[kChains][R][kVectors];
#pragma GCC unroll 4
  for (int chain = 0; chain < kChains; ++chain) {
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sum[chain][r][v] = splat_ints(0);
    }
  }
  const auto step = [&](int64_t i, Ints(&to)[R][kVectors]) __attribute__((always_inline)) {
    Ints columns[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) columns[v] = load_columns(panel + i * kColumns + v * kLanes * kDot);
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const Ints row = load_row(a + r * pitch + i);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) to[r][v] = dot(to[r][v], row, columns[v]);
    }
  };
  int64_t i = 0;
  for (; i + kChains * kDot <= k; i += kChains * kDot) {
#pragma GCC unroll 4
    for (int chain = 0; chain < kChains; ++chain) step(i + chain * kDot, sum[chain]);
  }
  for (; i < k; i += kDot) step(i, sum[0]);
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      Ints total = sum[0][r][v];
#pragma GCC unroll 4
      for (int chain = 1; chain < kChains; ++chain) total = total + sum[chain][r][v];
      store_ints(c + r * c_pitch + v * kLanes, total);
    }
  }
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
    for (int64_t j = 0; j < n; ++j) {
#pragma GCC unroll 4
      for (int d = 0; d < kDot; ++d) to[j * kDot + d] = static_cast<int8_t>(b[d * row + j] ^ flip);
    }
  } else {
    for (int64_t j = 0; j < n; ++j) {
      for (int d = 0; d < kDot; ++d) {
        to[j * kDot + d] = d < rows ? static_cast<int8_t>(b[d * row + j * column] ^ flip) : int8_t{0};
      }
    }
  }
}

void pack_panel(const uint8_t* b, int64_t row, int64_t column, int64_t k, int64_t n, uint8_t flip, int8_t* panel,
                int32_t* sums) {
  for (int64_t i = 0; i < k; i += kDot) {
    const int rows = k - i < kDot ? static_cast<int>(k - i) : kDot;
    int8_t* to = panel + i * kColumns;
    if (n == kColumns) {
      pack_group(b + i * row, row, column, rows, kColumns, flip, to);
    } else {
      pack_group(b + i * row, row, column, rows, n, flip, to);
      for (int64_t j = n * kDot; j < kColumns * kDot; ++j) to[j] = 0;
    }
  }
  sum_columns(panel, padded(k), sums);
}

template <int R>
void multiply_rows(const Int8Tile& t) {
  const int64_t pitch = t.a_pitch / static_cast<int64_t>(sizeof(RowElement));
  sums_of_rows<R>(static_cast<const RowElement*>(t.a), pitch, t.panel, t.k, t.c, t.c_pitch);
  for (int r = 0; r < R; ++r) {
    const uint32_t zero = static_cast<uint32_t>(t.a_zero[r]);
    const uint32_t rest = static_cast<uint32_t>(t.a_rest[r]);
    int32_t* c = t.c + r * t.c_pitch;
    for (int j = 0; j < kColumns; ++j) {
      c[j] = wrap(static_cast<uint32_t>(c[j]) - zero * static_cast<uint32_t>(t.b_sum[j]) -
                  rest * static_cast<uint32_t>(t.b_zero[j]));
    }
  }
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
